insert into copq.brought_name (sent_by, kind, name)
select * from unnest($1::text[], $2::text[], $3::text[]) as brought (sent_by, kind, name)
order by sent_by, kind, name
on conflict do nothing
