-- A partition that is seen for the first time starts at its first offset.
insert into copq.fence (topic, partition, next_offset)
select $1, partition, 0 from unnest($2::int[]) as partition order by partition
on conflict do nothing
