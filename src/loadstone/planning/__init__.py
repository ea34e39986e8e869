"""What to provision for a load, and what that costs: arithmetic on what is known of the load.

    load = declared(dataset, mix, peak_per_s=2000)    from the data set and the patterns alone
    load = recorded(run)                              or from what a run consumed
    found = plan(load, Terms(region=..., prices=..., day=day_of("office-hours")))

Nothing here opens a socket, a table or a file. What is simulated is called so.
"""

from loadstone.planning.declared import declared
from loadstone.planning.load import Load, Stored, Work
from loadstone.planning.plan import Plan, plan
from loadstone.planning.recorded import recorded
from loadstone.planning.terms import Terms

__all__ = ["Load", "Plan", "Stored", "Terms", "Work", "declared", "plan", "recorded"]
