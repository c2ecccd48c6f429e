-- The newest row of the trail and its seal.
select seq, hash from copq.audit order by seq desc limit 1
