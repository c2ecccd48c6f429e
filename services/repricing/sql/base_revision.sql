-- The rate book that all entries agree with, or one since: that of the last repricing of everything.
-- Where there was none, the first: nothing is booked without a rate book.
select coalesce(
    (
        select max(revision) from copq.repricing
        where state = 'done'
            and plant is null and product is null and asked_from is null and asked_to is null
    ),
    (select min(revision) from copq.rate_revision),
    0)
