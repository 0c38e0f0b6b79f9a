"""The same action for less: what a person may make of a proposal before they carry it through as their own."""

from dataclasses import dataclass

from policies.actions.any_action import AnyAction
from policies.actions.discount import Discount
from policies.actions.forecast_override import ForecastOverride
from policies.actions.stock_adjustment import StockAdjustment
from policies.actions.transfer import Transfer, TransferLine
from policies.errors import Refused
from policies.vocabulary.money import Money
from policies.vocabulary.percent import Percent


@dataclass(frozen=True, slots=True)
class Edit:
    """What a person wants less of; nothing set: the action as it is.

    Attributes:
        percent: A discount's share of the price, or by how much a forecast changes, up or down as it was.
        units: An adjustment's units, or a transfer's in all; its lines are cut from the last one on.
    """

    percent: Percent | None = None
    units: int | None = None

    @property
    def none(self) -> bool:
        """Whether nothing changes."""
        return self.percent is None and self.units is None


def lowered(action: AnyAction, edit: Edit) -> AnyAction:
    """The action with less in it, and nothing else changed.

    Raises:
        Refused: It would be more, or the same, or nothing; or this kind of action has no less.
    """
    if edit.none:
        return action
    if isinstance(action, Discount) and edit.percent is not None and edit.units is None:
        _less(edit.percent.basis_points, action.percent.basis_points, "percent")
        amount = action.base.share(edit.percent)
        return Discount.model_validate({**dict(action), "percent": edit.percent, "amount": amount})
    if isinstance(action, StockAdjustment) and not action.settles and edit.units is not None and edit.percent is None:
        units = abs(action.delta)
        _less(edit.units, units, "units")
        delta = edit.units if action.delta > 0 else -edit.units
        value = _part(action.value, edit.units, units)
        return StockAdjustment.model_validate({**dict(action), "delta": delta, "value": value})
    if isinstance(action, Transfer) and edit.units is not None and edit.percent is None:
        units = sum(line.units for line in action.lines)
        _less(edit.units, units, "units")
        lines = _cut(action.lines, edit.units)
        return Transfer.model_validate(
            {**dict(action), "lines": lines, "value": _part(action.value, edit.units, units)}
        )
    if isinstance(action, ForecastOverride) and edit.percent is not None and edit.units is None:
        percent, rest = divmod(edit.percent.basis_points, 100)
        if rest:
            raise Refused("A forecast changes by whole percent.", code="edit.number", field="percent")
        _less(percent, abs(action.percent), "percent")
        value = _part(action.value, percent, abs(action.percent))
        signed = percent if action.percent > 0 else -percent
        return ForecastOverride.model_validate({**dict(action), "percent": signed, "value": value})
    raise Refused(
        "There is no less of this to be had.",
        code="edit.kind",
        hint="Give a lower percent for a discount or a forecast, or fewer units for stock.",
    )


def _less(wanted: int, proposed: int, field: str) -> None:
    if not 0 < wanted < proposed:
        raise Refused(
            "An edit asks for less than was proposed, and for something.",
            code="edit.not_less",
            hint="To have more, reject this and propose it yourself.",
            field=field,
        )


def _part(value: Money, units: int, of: int) -> Money:
    """The share of a value that fewer units are worth, rounded up: caps never see too little."""
    return Money(-(-value.minor * units // of), value.currency)


def _cut(lines: tuple[TransferLine, ...], units: int) -> tuple[TransferLine, ...]:
    kept: list[TransferLine] = []
    for line in lines:
        left = units - sum(each.units for each in kept)
        if left > 0:
            kept.append(TransferLine(sku=line.sku, units=min(left, line.units)))
    return tuple(kept)
