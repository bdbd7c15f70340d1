"""A battle as its voter may see it, read from the rows: the truth behind every stream."""

import uuid
from collections.abc import Iterable, Mapping

from django.db.models import prefetch_related_objects

from arena.battles.models import Battle, Side, Turn, TurnState, Vote
from arena.battles.protocol import BattleMessage, ModelView, TurnView, VoteView
from arena.battles.turns import StartedTurn, own_battle
from arena.catalog.models import LanguageModel


def read_battle(voter_id: uuid.UUID, battle_id: uuid.UUID) -> BattleMessage:
    """Return the stored truth of a voter's battle.

    Raises
    ------
    NotFound, NotYours
        When there is no such battle, or it is another voter's.
    """
    # The turns before their battle: one that fails meanwhile is then seen as still streaming, and
    # never as failed in a battle that is not void yet.
    turns = list(
        Turn.objects.filter(battle_id=battle_id).order_by("number", "-attempt").distinct("number")
    )
    # A turn that is being answered has no text in the rows yet.
    prefetch_related_objects(
        [turn for turn in turns if turn.state != TurnState.STREAMING], "replies"
    )
    battle = own_battle(voter_id, battle_id)
    if len(turns) == 1 and turns[0].state == TurnState.STREAMING:
        vote, votable = None, False  # nobody can have voted yet
    else:
        vote = Vote.objects.standing().filter(battle=battle).first()
        votable = vote is None and Battle.objects.votable().filter(pk=battle.pk).exists()
    return BattleMessage(
        battle=battle.pk,
        turns=tuple(_view(turn, battle.model_ids) for turn in turns),
        votable=votable,
        void=battle.void_reason or None,
        seq=_seq(turns[-1]) if turns else 0,
        vote=None if vote is None else _vote_view(vote),
        models=None if battle.blind else _chosen(battle),
    )


def new_battle(started: StartedTurn) -> BattleMessage:
    """Return what `read_battle` does of a battle whose first turn has just been stored."""
    return BattleMessage(
        battle=started.battle_id,
        turns=(
            TurnView(
                number=started.number,
                prompt=started.prompt,
                state=TurnState.STREAMING,
                texts=dict.fromkeys(started.calls, ""),
                picture=started.picture,
            ),
        ),
        votable=False,
        void=None,
        seq=started.first_seq - 1,
        vote=None,
        models=None
        if started.blind
        else {side: _named(call.endpoint.language_model) for side, call in started.calls.items()},
    )


def _chosen(battle: Battle) -> Mapping[str, ModelView]:
    return {side: _named(battle.model(side)) for side in battle.model_ids}


def _named(model: LanguageModel) -> ModelView:
    return ModelView(name=model.name, organisation=model.organisation)


def _vote_view(vote: Vote) -> VoteView:
    return VoteView(outcome=vote.outcome, final_at=vote.final_at.isoformat())


def _view(turn: Turn, sides: Iterable[Side]) -> TurnView:
    streaming = turn.state == TurnState.STREAMING
    texts = {} if streaming else {reply.side: reply.text for reply in turn.replies.all()}
    return TurnView(
        number=turn.number,
        prompt=turn.prompt,
        state=turn.state,
        texts={side.value: texts.get(side, "") for side in sides},
        picture=turn.picture_id,
    )


def _seq(turn: Turn) -> int:
    """Return the number after which this battle's frames go on."""
    if turn.state == TurnState.STREAMING or turn.last_seq is None:
        return turn.first_seq - 1
    return turn.last_seq
