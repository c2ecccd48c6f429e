"""Repricing's SQL, each statement a file of `sql/`."""

from services.sql_files import statement

CHANGED_ITEMS = statement(__file__, "changed_items")
BASE_REVISION = statement(__file__, "base_revision")
EVENTS_SPAN = statement(__file__, "events_span")
COUNT_EVENTS = statement(__file__, "count_events")
EVENTS_AFTER = statement(__file__, "events_after")
CREATE_REPRICED = statement(__file__, "create_repriced")
FILL_BATCH = statement(__file__, "fill_batch")
LOST_PRICE = statement(__file__, "lost_price")
STAGED_RECOVERED = statement(__file__, "staged_recovered")
BATCH_CHANGES = statement(__file__, "batch_changes")
ADD_CHANGES = statement(__file__, "add_changes")
CHANGES_OF = statement(__file__, "changes_of")
ADD_RUN = statement(__file__, "add_run")
OPEN_RUN = statement(__file__, "open_run")
SUPERSEDE_RUNS = statement(__file__, "supersede_runs")
LOCK_RUN = statement(__file__, "lock_run")
MOVE_RUN = statement(__file__, "move_run")
END_RUN = statement(__file__, "end_run")
RUN = statement(__file__, "run")
LIST_RUNS = statement(__file__, "list_runs")
