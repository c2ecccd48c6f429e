"""The aggregator's SQL, each statement a file of `sql/`."""

from services.sql_files import statement

CREATE_BATCH = statement(__file__, "create_batch")
EMPTY_BATCH = statement(__file__, "empty_batch")
POST_BATCH = statement(__file__, "post_batch")
MAKE_FENCE = statement(__file__, "make_fence")
LOCK_FENCE = statement(__file__, "lock_fence")
MOVE_FENCE = statement(__file__, "move_fence")
ADD_STOPS = statement(__file__, "add_stops")
STOPS_BETWEEN = statement(__file__, "stops_between")
BOOKED_DOWNTIME = statement(__file__, "booked_downtime")
ADD_UNPRICED = statement(__file__, "add_unpriced")
TAKE_UNPRICED = statement(__file__, "take_unpriced")
DROP_UNPRICED = statement(__file__, "drop_unpriced")
ADD_CORRECTIONS = statement(__file__, "add_corrections")
ADD_REJECTED = statement(__file__, "add_rejected")
LIST_REJECTED = statement(__file__, "list_rejected")
MARK_REPLAYED = statement(__file__, "mark_replayed")
