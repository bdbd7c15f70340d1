/** Which `lang` a text gets, told by its script: fonts and screen readers need it, nothing else. */

// Everyday characters that are written in only one of the two scripts.
const SIMPLIFIED = new Set("们这个来时说为国学对发会过还样经点开长见现问关没种进无实动话两头间并应从业务东车书门马语");
const TRADITIONAL = new Set("們這個來時說為國學對發會過還樣經點開長見現問關沒種進無實動話兩頭間並應從業務東車書門馬語");
// Scripts of one language, or of many: then the tag names the script alone.
/** @type {[string, RegExp][]} */
const BY_SCRIPT = [
  ["ar", /[\u0600-\u06ff]/g], ["he", /[\u0590-\u05ff]/g], ["el", /[\u0370-\u03ff]/g], ["th", /[\u0e00-\u0e7f]/g],
  ["und-Cyrl", /[\u0400-\u04ff]/g], ["und-Deva", /[\u0900-\u097f]/g],
];
const ENGLISH = new Set("the a an of to in is are and for with what how why do can you i it that this on as be if or by from at not".split(" "));
/** Characters that decide. */
export const LOOKED_AT = 2000;

/**
 * @param {string} text
 * @returns {string} a language tag, or "" (unknown) when the script does not tell
 */
export function languageOf(text) {
  const sample = text.slice(0, LOOKED_AT);
  const share = (/** @type {RegExp} */ script) => (sample.match(script)?.length ?? 0) / sample.length;
  if (share(/[\u3040-\u30ff]/g) > 0.05) return "ja";
  if (share(/[\uac00-\ud7af]/g) > 0.1) return "ko";
  if (share(/[\u4e00-\u9fff]/g) > 0.05) return chineseScript(sample);
  const told = BY_SCRIPT.find(([, script]) => share(script) > 0.2);
  if (told) return told[0];
  return isEnglish(sample) ? "en" : "";
}

/** @param {string} sample */
function isEnglish(sample) {
  const words = sample.toLowerCase().match(/\p{L}+/gu) ?? [];
  return words.filter((word) => ENGLISH.has(word)).length > words.length / 5;
}

/** @param {string} sample */
function chineseScript(sample) {
  let balance = 0;
  for (const character of sample) {
    if (SIMPLIFIED.has(character)) balance += 1;
    if (TRADITIONAL.has(character)) balance -= 1;
  }
  if (balance === 0) return document.documentElement.lang.startsWith("zh")
    ? document.documentElement.lang
    : "zh";
  return balance > 0 ? "zh-Hans" : "zh-Hant";
}
