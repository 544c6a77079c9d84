"""Shares: campaigns share what an account may send, by their priorities.

The others get the part that one campaign cannot use.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction


def shares(total: int, claims: Sequence[tuple[int, int]]) -> list[int]:
    """Return each campaign's part of `total`.

    A campaign is given in `claims` as (priority, how many it could use). No campaign gets more than
    it could use. A campaign that needs less than its part leaves the rest to the others. Parts are
    rounded up so that nothing is left over: the campaign that is first gets the odd one.
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
