"""The write of an import: battles, turns, replies and votes of one file, in one transaction."""

import datetime as dt
import hashlib
import hmac
import ipaddress
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from itertools import batched

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from arena.battles.imports.formats import ReadVote
from arena.battles.imports.records import Record
from arena.battles.imports.report import ImportReport
from arena.battles.imports.rows import (
    Fields,
    ImportedTurn,
    ImportedVote,
    ImportRefusedError,
    RowSkippedError,
    SkipReason,
)
from arena.battles.models import (
    Battle,
    FinishReason,
    Reply,
    ReplyState,
    Side,
    Turn,
    TurnState,
    Vote,
)
from arena.catalog.enrol import find_or_create_models
from arena.catalog.models import LanguageModel
from arena.locks import wait_in_line
from arena.voters.models import Voter

_BLOCK = 2000
_SOURCE_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,49}")

type Numbered = tuple[int, str, ImportedVote]


def source_of(name: str) -> str:
    """Return the vote source of an import's name.

    Raises
    ------
    ImportRefusedError
        When the name would not do in an address.
    """
    if not _SOURCE_NAME.fullmatch(name):
        raise ImportRefusedError(
            f"{name!r} cannot be the name of a source: use small letters, digits, '.', '_' and "
            "'-', at most 50, beginning with a letter or digit (--source NAME)."
        )
    return f"import:{name}"


@transaction.atomic
def store_votes(
    records: Iterable[Record],
    read_vote: ReadVote,
    source: str,
    report: ImportReport,
    *,
    dry_run: bool = False,
    progress: Callable[[int], object] = lambda position: None,
) -> None:
    """Store the votes of a file in the order of its rows, and count into `report`.

    A vote whose source and external id are stored already is left as it is, so a second import of
    the same file stores nothing. With `dry_run` everything is done and then undone.

    Raises
    ------
    ImportRefusedError
        When no row can be used, or a name belongs to a fictional model. Nothing is stored then.
    """
    # Two imports into one source at once would both find a vote missing.
    wait_in_line(source)
    block = _BlockWriter(source, report)
    votes = _votes(records, read_vote, report, progress)
    for votes_of_block in batched(votes, _BLOCK):
        block.write(votes_of_block)
    if not report.imported + report.already_there:
        raise ImportRefusedError(
            "\n".join([f"None of the {report.rows} rows can be used.", *report.skip_lines()])
        )
    if dry_run:
        transaction.set_rollback(True)


def _votes(
    records: Iterable[Record],
    read_vote: ReadVote,
    report: ImportReport,
    progress: Callable[[int], object],
) -> Iterator[Numbered]:
    """Yield row number, external id and vote of each row that can be used."""
    now = timezone.now()
    ids = _ExternalIds()
    for record in records:
        report.rows += 1
        try:
            if isinstance(record.fields, RowSkippedError):
                raise record.fields
            vote = read_vote(record.fields, now)
            yield record.number, ids.take(vote, record.fields), vote
        except RowSkippedError as error:
            report.skip(record.number, error)
        if report.rows % 100 == 0:
            progress(record.position)


class _ExternalIds:
    """The file's own id of a row, or a digest of the row and of how often it came before."""

    def __init__(self) -> None:
        self._given: set[str] = set()
        self._digests: Counter[bytes] = Counter()

    def take(self, vote: ImportedVote, fields: Fields) -> str:
        """Return the id of the next row.

        Raises
        ------
        RowSkippedError
            When the file gave this id to an earlier row.
        """
        if vote.external_id:
            if vote.external_id in self._given:
                raise RowSkippedError(SkipReason.REPEATED_ID, vote.external_id)
            self._given.add(vote.external_id)
            return vote.external_id
        text = json.dumps(fields, sort_keys=True, default=str, ensure_ascii=True)
        digest = hashlib.blake2b(text.encode(), digest_size=16).digest()
        self._digests[digest] += 1
        return f"{digest.hex()}:{self._digests[digest]}"


class _BlockWriter:
    """Writes blocks of votes, and remembers the models and voters it has met."""

    def __init__(self, source: str, report: ImportReport) -> None:
        self._source = source
        self._report = report
        self._now = timezone.now()
        self._models: dict[str, LanguageModel] = {}
        self._voters: dict[str, Voter] = {}

    def write(self, votes: tuple[Numbered, ...]) -> None:
        """Store those votes of a block that are not stored yet."""
        stored = set(
            Vote.objects.filter(
                source=self._source, external_id__in=[external_id for _, external_id, _ in votes]
            ).values_list("external_id", flat=True)
        )
        new = [row for row in votes if row[1] not in stored]
        self._report.already_there += len(votes) - len(new)
        self._report.imported += len(new)
        self._meet_models([vote for _, _, vote in new])
        self._meet_voters([vote for _, _, vote in new])
        battles = [self._battle(number, vote) for number, _, vote in new]
        Battle.objects.bulk_create(battles)
        Vote.objects.bulk_create(
            Vote(
                battle=battle,
                outcome=vote.outcome,
                source=self._source,
                external_id=external_id,
                cast_at=vote.cast_at or self._now,
                final_at=vote.cast_at or self._now,
            )
            for battle, (_, external_id, vote) in zip(battles, new, strict=True)
        )
        self._write_turns(battles, [vote for _, _, vote in new])

    def _battle(self, number: int, vote: ImportedVote) -> Battle:
        return Battle(
            voter=self._voters[vote.voter] if vote.voter else self._anonymous.pop(),
            model_a=self._models[vote.model_a],
            model_b=self._models[vote.model_b],
            pairing={"rule": "imported", self._report.row_word: number},
            created_at=vote.cast_at or self._now,
        )

    def _write_turns(self, battles: list[Battle], votes: list[ImportedVote]) -> None:
        turns = [
            (battle, turn, Turn(battle=battle, number=number, prompt=turn.prompt, **_end(turn, at)))
            for battle, vote in zip(battles, votes, strict=True)
            for at in [vote.cast_at or self._now]
            for number, turn in enumerate(vote.turns, start=1)
        ]
        Turn.objects.bulk_create([stored for _, _, stored in turns])
        Reply.objects.bulk_create(
            _reply(battle, stored, side, text)
            for battle, turn, stored in turns
            for side, text in zip(Side, turn.answers, strict=True)
        )
        self._report.turns += len(turns)

    def _meet_models(self, votes: list[ImportedVote]) -> None:
        names = {name for vote in votes for name in (vote.model_a, vote.model_b)}
        unknown = sorted(names - self._models.keys())
        self._models |= find_or_create_models(unknown)
        for name in unknown:
            if self._models[name].simulated:
                raise ImportRefusedError(
                    f"{name!r} is one of the fictional models of the sample data: remove the "
                    "sample data first."
                )

    def _meet_voters(self, votes: list[ImportedVote]) -> None:
        # A voter of its own for each vote that does not say whose it is: such votes are taken as
        # independent, and are not one giant voter's.
        self._anonymous = Voter.objects.bulk_create(
            Voter(source=self._source) for vote in votes if not vote.voter
        )
        unknown = dict.fromkeys(vote.voter for vote in votes if vote.voter)
        pseudonyms = {voter: _pseudonym(voter) for voter in unknown if voter not in self._voters}
        stored = {
            voter.pseudonym: voter
            for voter in Voter.objects.filter(
                source=self._source, pseudonym__in=pseudonyms.values()
            )
        }
        fresh = {
            pseudonym: Voter(source=self._source, pseudonym=pseudonym)
            for pseudonym in pseudonyms.values()
            if pseudonym not in stored
        }
        Voter.objects.bulk_create(fresh.values())
        self._voters |= {
            voter: (stored | fresh)[pseudonym] for voter, pseudonym in pseudonyms.items()
        }


def _end(turn: ImportedTurn, at: dt.datetime) -> dict[str, object]:
    complete = all(turn.answers)
    state = TurnState.COMPLETE if complete else TurnState.FAILED
    return {"state": state, "started_at": at, "ended_at": at}


def _reply(battle: Battle, turn: Turn, side: Side, text: str) -> Reply:
    """Return one answer as stored: it ended in order, unless there was none."""
    reply = Reply(turn=turn, side=side, language_model=battle.model(side), text=text)
    if text:
        reply.state, reply.finish_reason = ReplyState.COMPLETE, FinishReason.STOP
    else:
        reply.state, reply.error_code = ReplyState.FAILED, "empty"
    return reply


def _pseudonym(voter: str) -> str:
    """Return the file's word for a voter; a keyed hash of it when it is a mail or IP address."""
    if "@" not in voter and not _is_ip_address(voter):
        return voter
    digest = hmac.new(settings.SECRET_KEY.encode(), voter.encode(), hashlib.sha256)
    return f"hashed-{digest.hexdigest()[:32]}"


def _is_ip_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
