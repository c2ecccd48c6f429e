-- Rates as documents: what finance was handed, and what was decided of it. A draft is a document
-- without a decision. What is in force follows from the items and the clock, and is not stored.
create table copq.rate_document (
    document bigint generated always as identity primary key,
    name text not null,
    original bytea not null,
    content jsonb not null,
    submitted_at timestamptz not null default now(),
    submitted_by text not null,
    -- The name on the token; null for a person without one.
    submitted_as text,
    why text not null,
    -- The share above which a change is surprising: what the submitter was shown is shown again.
    jump numeric not null default 0.25 check (jump >= 0)
);

-- `alone`: submitted and approved in one step, while people had no tokens. `concerns` are
-- those that were shown to the approver. A person who takes back their own document withdraws it.
create table copq.rate_decision (
    document bigint primary key references copq.rate_document,
    decision text not null check (decision in ('approved', 'rejected', 'withdrawn')),
    revision bigint unique references copq.rate_revision,
    decided_at timestamptz not null default now(),
    decided_by text not null,
    decided_as text,
    why text not null,
    alone boolean not null default false,
    concerns jsonb not null default '[]',
    check ((decision = 'approved') = (revision is not null)),
    check (decision = 'approved' or why <> ''),
    check (decision = 'approved' or not alone)
);

create function copq.two_people() returns trigger
language plpgsql as $$
declare
    submitter text := (select submitted_by from copq.rate_document where document = new.document);
begin
    if new.decision = 'approved' and not new.alone and new.decided_by = submitter then
        raise exception 'document % was submitted by "%": another person approves it',
            new.document, submitter using errcode = 'restrict_violation';
    end if;
    return new;
end $$;
create trigger two_people before insert on copq.rate_decision
    for each row execute function copq.two_people();

select copq.append_only('copq.rate_document');
select copq.append_only('copq.rate_decision');
select copq.audit_table('copq.rate_document', 'original', 'content');
select copq.audit_table('copq.rate_decision');
