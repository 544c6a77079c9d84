"""How campaigns share what an account may send: by their priorities, and what one cannot use goes
to the others."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction


def shares(total: int, claims: Sequence[tuple[int, int]]) -> list[int]:
    """Each campaign's part of `total`, for campaigns given as (priority, how many it could use).

    Nobody gets more than it could use; the parts of those who need less are shared among the rest.
    Parts are rounded up, so that nothing is left over: whoever is first gets the odd one.
    """
    parts = [0] * len(claims)
    open_claims = {index for index, (_, wanted) in enumerate(claims) if wanted > 0}
    left = Fraction(total)
    while open_claims and left > 0:
        weight = sum(claims[index][0] for index in open_claims)
        content = [
            index for index in open_claims if claims[index][1] <= left * claims[index][0] / weight
        ]
        if not content:
            for index in open_claims:
                parts[index] = -(-left * claims[index][0] // weight)
            break
        for index in content:
            parts[index] = claims[index][1]
            left -= claims[index][1]
        open_claims.difference_update(content)
    return parts
