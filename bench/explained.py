"""Why a row's figures are short of their targets, where they are: the profile, and the floor below which nothing goes.

Written by hand after a profile; the page shows a row's text only while one of its figures is missed.
"""

from collections.abc import Mapping

WHY_SHORT: Mapping[str, str] = {}
