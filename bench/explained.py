"""Why a row's figures are short of their targets, where they are: the profile, and the floor below which nothing goes.

Written by hand after a profile; the page shows a row's text only while one of its figures is missed.
"""

from collections.abc import Mapping

WHY_SHORT: Mapping[str, str] = {
    "P1": (
        "Profile: of the closing's CPU seven tenths are the database's, spent on the rows themselves (baskets, "
        "entries, movements, each with its keys and checks, then échéances and payments), which COPY pays as well. "
        "Python's part reads a thousand subscriptions at a time and opens a sealed quotient for each household, which "
        "one statement over all could not do: a quotient is never readable in the database."
    ),
    "P3": (
        "Profile: the statement itself is what pgbench shows. The rest is the application's: who is signed in (asked "
        "first, so that the answer is refused before anything is written), the form's token, the basket read again to "
        "say what it holds, and the answer rendered (alone: the page of the day stays where it is). Statements are "
        "built once, and there are five trips to the database; of four milliseconds of CPU the template takes one, "
        "the three statements one, the framework (session, token, headers, limits, log) most of the rest."
    ),
    "P4": (
        "Profile: a booking takes 17 statements, most of them on the way to a sentence that says why somebody cannot "
        "come, and a quarter of a millisecond of CPU each; both cores are busy. The floor is the outing's lock: "
        "bookings of one outing follow one another, each holding it for some thirteen of these statements. Asking the "
        "household's part before that lock won eight in a hundred, and was not kept."
    ),
    "P6": (
        "Profile: a delivery is taken and finished in two transactions, so that a killed worker loses nothing and a "
        "late one changes nothing; that is four trips to the database and half of its CPU, the relay's share a sixth: "
        "in a flood one bell tells a worker of up to eight deliveries. The peer keeps no account of what it has done, "
        "and stands for what Redis and the workers' loop take alone."
    ),
    "P8": (
        "Profile: a family's page takes up to 17 statements, and building them is half of its CPU; rendering is a "
        "quarter. Pages of outings name a second style sheet."
    ),
    "P9": (
        "Profile: nine Python processes, of which four with the whole application (seventy megabytes of its modules "
        "each), hold most of the memory; what they share counts once, and threads share two heaps a process. More "
        "would be spared by one parent that loads the application and forks: an installation does not run that way."
    ),
}
