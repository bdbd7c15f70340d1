"""The language of a prompt, told by its script and its letters; honest about what it can't tell.

Chinese, Japanese and Korean are told by their characters, which also tells the two Chinese
scripts apart; English by its commonest words; everything else by py3langid, among the languages
that people write prompts in.
"""

import re
import unicodedata
from collections import Counter
from functools import cache

from py3langid.langid import MODEL_FILE, LanguageIdentifier

# What identifies a language says little about it past this length.
_LOOK_AT = 4000
_LEAST_SHARE = 0.25

# Frequent characters that exist in one of the two Chinese scripts only.
_SIMPLIFIED = frozenset(
    "这们个说国来时对会学为么发没样还过现进动种两开问间关无机长见气话题电车书东门风马鸟鱼龙点"
    "线语译请谢给让应该难简单实际网络数据类设计经济历写诗帮读讲习图继续运义乐买卖亲从众优伤传"
    "伦伟侧债倾偿儿党兰兴养凤击创别剧剂务劳势勋匀华协卫厂厅压县参双变叶号吗听启员呜响哑唤啰团"
    "园围圆圣场坏块坚坛坟坠垄垒埘处备复够头夹夺奋奖妆妇妈娱娲婴孙宝审宪宫宽宾寝寻导将尔尘尝尽"
    "层届属岁岂岗岛岭峡师帅帐带庄庆库庙废广异弃张弥弯弹归当录彻径忆忧怀态怜总恋恳恶悬惊惧惩惯"
    "戏战户扑执扩扫扬扰抚抛抢护报担拟拥择挂挤挥损换掷揽搅携摄摆敌断旧旷昼显晓晕暂杀杂权条杨极"
    "构枪柜标栈栋树栏桥梦检楼榄欢欧残毕汇汉汤沟沪泪泼泽洁浅浆浇测浏浑浓涛润涨渊渐湾湿满滚滞滤"
    "滥灭灯灵灾炉炼烂烦烧热爱爷牍牵犹狈独狭狮猎猪猫玛环玺琐瑶疗疯疮痒痴皱盏盐监盖盘矫矿码砖础"
    "硕确碍礼祸离秃秆积称稳穷窍窜窝窥竖竞笔笼筑签粮紧纠红纤约级纪纯纲纳纵纷纸纹纽绍终组细织绘"
    "绝统绢绣绩绪绳维绵综绿缓编缘缝缩缴罗罚罢羡翘耸耻聋职联聪肃肠肤肾肿胀胁胆胜胶脉脏脑脚脱脸"
    "腊腻腾舆舰舱艰艳艺节芦苍苏茎荐荡荣药莲获莹营萧萨葱蒋蓝蔷虏虑虚虽蚀蚁蚕蛮蝇蝉衅补衬袄装裤"
    "观规视览觉触订认讨训议讯记许论讼讽访证评识诉词试诚诞询详诱误课谁调谅谈谊谋谓谣谦谨谱贝贞"
    "负贡财责贤败货质贩贪贫购贯贱贴贵贷贸费贺贼资赋赌赏赔赖赚赛赞赠赵赶趋跃踪躯轨轩转轮软轰轻"
    "载较辅辆辈辉辑输辞辩边辽达迁迈迟选递逻遗邓邮邻郑酝酱酿释鉴针钉钓钙钟钢钥钦钩钱钻铁铃铅铜"
    "铝铭银铺链销锁锅锋错锡锣锤键锦镇镜闪闭闯闲闷闹闻阁阅队阳阴阵阶陆陈陕险隐隶雏雾静韩页顶项"
    "顺须顾顿颁预领颇频颗颜额颠颤飘飞饥饭饮饰饱饲饼饿馆驰驱驳驶驻驾骂骄验骑骗骚骤鲁鲜鸡鸣鸭鸽"
    "鸿鹅鹏鹤鹰麦黄齐齿龄龟"
)
_TRADITIONAL = frozenset(
    "這們個說國來時對會學為麼發沒樣還過現進動種兩開問間關無機長見氣話題電車書東門風馬鳥魚龍點"
    "線語譯請謝給讓應該難簡單實際網絡數類設計經濟歷寫詩幫讀講習圖繼續運義樂買賣親從眾優傷傳倫"
    "偉側債傾償兒黨蘭興養決況衝淨減鳳擊創劇劑務勞勢勳勻華協衛廠廳壓縣參雙變葉號嗎聽啟員嗚響啞"
    "喚囉團園圍圓聖場壞塊堅壇墳墜壟壘塒處備復夠頭夾奪奮獎妝婦媽娛媧嬰孫寧寶審憲宮寬賓寢尋導將"
    "爾塵嘗盡層屆屬歲豈崗島嶺峽師帥帳帶莊慶庫廟廢廣異棄張彌彎彈強歸當錄徹徑憶憂懷態憐總戀懇惡"
    "懸驚懼懲慣戲戰戶撲執擴掃揚擾撫拋搶護報擔擬擁擇掛擠揮損換擲攬攪攜攝擺敵鬥斷舊曠晝顯晉曉暈"
    "暫術樸殺雜權條楊極構槍櫃標棧棟樹欄橋夢檢樓欖歡歐殘毀畢匯漢湯溝滬淚潑澤潔淺漿澆測瀏渾濃濤"
    "潤漲淵漸溫灣濕滿滾滯濾濫滅燈靈災爐煉爛煩燒熱愛爺牘牽猶狽獨狹獅獵豬貓瑪環璽瑣瑤療瘋瘡癢癡"
    "皺盞鹽監蓋盤矯礦碼磚礎碩確礙禮禍離禿稈積稱穩窮竅竄窩窺豎競筆籠築簽糧緊糾紅纖約級紀純綱納"
    "縱紛紙紋紐紹終組細織繪絕統絹繡績緒繩維綿綜綠緩編緣縫縮繳羅罰罷羨翹聳恥聾職聯聰肅腸膚腎腫"
    "脹脅膽勝膠脈髒腦腳脫臉臘膩騰輿艦艙艱豔藝節蘆蒼蘇範莖薦蕩榮藥蓮獲瑩營蕭薩蔥蔣藍薔虜慮虛蟲"
    "雖蝕蟻蠶蠻蠅蟬釁補襯襖裝褲觀規視覽覺觸訂認討訓議訊記許論訟諷訪證評識訴詞試誠誕詢詳誘誤課"
    "誰調諒談誼謀謂謠謙謹譜貝貞負貢財責賢敗貨質販貪貧購貫賤貼貴貸貿費賀賊資賦賭賞賠賴賺賽贊贈"
    "趙趕趨躍蹤軀軌軒轉輪軟轟輕載較輔輛輩輝輯輸辭辯邊遼達遷邁遲適選遞邏遺鄧郵鄰鄭醞醬釀釋鑒針"
    "釘釣鈣鐘鋼鑰欽鉤錢鑽鐵鈴鉛銅鋁銘銀鋪鏈銷鎖鍋鋒錯錫鑼錘鍵錦鎮鏡閃閉闖閒悶鬧聞閣閱隊陽陰陣"
    "階陸陳陝險隱隸雛霧靜韓頁頂項順須顧頓頒預領頗頻顆顏額顛顫飄飛飢飯飲飾飽飼餅餓館馳驅駁駛駐"
    "駕罵驕驗騎騙騷驟魯鮮雞鳴鴨鴿鴻鵝鵬鶴鷹麥黃齊齒齡龜裡"
)
_COMMON_ENGLISH = (
    "the a an of to in is are and for with what how why do does can you i it that this write "
    "me my please on as be if or by from at not your explain give make list which who when "
    "was were has have would should could about between into them they we he she his her"
)
_ENGLISH = frozenset(re.findall(r"\w+", _COMMON_ENGLISH))
# First letter of the range, last letter, script.
_RANGES = (
    ("\u3040", "\u30ff", "kana"),
    ("\u3400", "\u9fff", "han"),
    ("\uac00", "\ud7af", "hangul"),
    ("\u1100", "\u11ff", "hangul"),
    ("\u0400", "\u04ff", "cyrillic"),
    ("\u0600", "\u06ff", "arabic"),
    ("\u0590", "\u05ff", "hebrew"),
    ("\u0370", "\u03ff", "greek"),
    ("\u0e00", "\u0e7f", "thai"),
    ("\u0900", "\u097f", "devanagari"),
    ("A", "z", "latin"),
    ("\u00c0", "\u024f", "latin"),
)
# Of the detector's languages those that prompts are written in: with fewer to mistake a short text
# for, it is right more often.
_DETECTED = (
    *("af", "am", "ar", "az", "be", "bg", "bn", "ca", "cs", "cy", "da", "de", "el", "en", "eo"),
    *("es", "et", "eu", "fa", "fi", "fr", "ga", "gl", "gu", "he", "hi", "hr", "hu", "hy", "id"),
    *("is", "it", "ka", "kk", "km", "kn", "la", "lo", "lt", "lv", "mk", "ml", "mn", "mr", "ms"),
    *("my", "ne", "nl", "no", "pa", "pl", "ps", "pt", "ro", "ru", "si", "sk", "sl", "sq", "sr"),
    *("sv", "sw", "ta", "te", "th", "tl", "tr", "uk", "ur", "uz", "vi"),
)
TAGS = (
    "",
    "en",
    "zh",
    "zh-Hans",
    "zh-Hant",
    "ja",
    "ko",
    *(tag for tag in _DETECTED if tag != "en"),
)
"""Every tag that `detect_language` gives. Columns keep a tag's place here: add at the end only."""
# What the detector must be sure of, and how many letters it needs to be.
_LEAST_PROBABILITY = 0.6
_LEAST_LETTERS = 6
# Where the detector is not sure: Cyrillic without a letter that Russian does not have.
_NOT_RUSSIAN = re.compile("[іїєґўјљњћђѓќәғқңөұү]", re.IGNORECASE)
_CODE = re.compile(r"```.*?(?:```|\Z)|`[^`\n]*`|https?://\S+", re.DOTALL)


def detect_language(text: str) -> str:
    """Return the BCP 47 tag of a text's main language, or "" when it can't be told.

    Code and addresses are left out. Chinese is `zh-Hans` or `zh-Hant` where a character tells
    them apart, otherwise `zh`.
    """
    prose = unicodedata.normalize("NFC", _CODE.sub(" ", text[:_LOOK_AT]))
    scripts = Counter(filter(None, map(_script, prose)))
    total = sum(scripts.values())
    if not total:
        return ""
    # One character of these scripts says as much as a short word in letters.
    heavy = {script: scripts[script] * 3 for script in ("han", "kana", "hangul")}
    if heavy["kana"] and (heavy["kana"] + heavy["han"]) / total >= _LEAST_SHARE:
        return "ja"
    if heavy["han"] / total >= _LEAST_SHARE and heavy["han"] >= heavy["hangul"]:
        return _chinese(prose)
    if heavy["hangul"] / total >= _LEAST_SHARE:
        return "ko"
    if _is_english(prose):
        return "en"
    found = _detected(prose) if total >= _LEAST_LETTERS else ""
    main = scripts.most_common(1)[0][0]
    return "ru" if not found and main == "cyrillic" and not _NOT_RUSSIAN.search(prose) else found


def _script(character: str) -> str | None:
    if not character.isalpha():
        return None
    for first, last, script in _RANGES:
        if first <= character <= last:
            return script
    return "other"


def _chinese(prose: str) -> str:
    simplified = sum(character in _SIMPLIFIED for character in prose)
    traditional = sum(character in _TRADITIONAL for character in prose)
    if simplified == traditional:
        return "zh"
    return "zh-Hans" if simplified > traditional else "zh-Hant"


def _is_english(prose: str) -> bool:
    """Return whether common English words carry the text."""
    words = re.findall(r"[^\W\d_]+", prose.casefold())
    common = sum(word in _ENGLISH for word in words)
    accented = sum(not word.isascii() for word in words)
    return common >= max(1, len(words) / 8) and accented <= len(words) / 10


def _detected(prose: str) -> str:
    tag, probability = _detector().classify(prose)
    return str(tag) if probability >= _LEAST_PROBABILITY else ""


@cache
def _detector() -> LanguageIdentifier:
    """Load the detector when the first text needs it; a process that serves pages never does."""
    detector = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    detector.set_languages(list(_DETECTED))
    return detector
