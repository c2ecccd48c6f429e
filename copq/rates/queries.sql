-- name: add_document
-- Submit a rate document.
insert into copq.rate_document (name, original, content, submitted_by, submitted_as, why, jump)
values (:name, :original, :content, :submitted_by, :submitted_as, :why, :jump)
returning document

-- name: add_decision
-- Add the decision on a document.
insert into copq.rate_decision (
    document, decision, revision, decided_by, decided_as, why, alone, concerns)
values (:document, :decision, :revision, :decided_by, :decided_as, :why, :alone, :concerns)

-- name: all_documents
-- All documents with their decisions, or one of them.
select
    d.document, d.name, d.submitted_at, d.submitted_by, d.submitted_as, d.why, d.jump,
    c.decision, c.revision, c.decided_at, c.decided_by, c.decided_as, c.why as decided_why,
    c.alone, c.concerns
from copq.rate_document as d
left join copq.rate_decision as c using (document)
where :document::bigint is null or document = :document
order by document

-- name: document_content
-- The rates of a document.
select content from copq.rate_document where document = :document

-- name: document_original
-- The bytes of a document as it was submitted.
select original from copq.rate_document where document = :document

-- name: item_spans
-- From when and until when each item is in force, of those that no later revision has corrected.
select
    revision, effective_from,
    least(
        (content ->> 'effective_to')::timestamptz,
        lead(effective_from) over (partition by kind, key order by effective_from)
    ) as until
from (
    select distinct on (kind, key, effective_from) *
    from copq.rate_item
    order by kind, key, effective_from, revision desc
) as newest

-- name: lock_imports
-- One import after the other.
select pg_advisory_xact_lock(hashtext('copq.rate_item'))

-- name: newest_items
-- The newest version of each item.
select distinct on (kind, key, effective_from) kind, key, effective_from, content
from copq.rate_item
order by kind, key, effective_from, revision desc

-- name: plant_has_entries
-- Whether anything is booked for a plant.
select exists (select from copq.rollup where plant = :plant)

-- name: add_revision
-- Begin a revision of the rate book.
insert into copq.rate_revision (source, imported_by)
values (:source, :imported_by)
returning revision

-- name: add_item
-- Add an item of a revision.
insert into copq.rate_item (revision, kind, key, effective_from, content)
values (:revision, :kind, :key, :effective_from, :content)

-- name: current_revision
-- The newest revision, 0 while the book is empty.
select coalesce(max(revision), 0) from copq.rate_revision

-- name: all_items
-- The items of the book as of a revision.
select kind, revision, content from copq.rate_item where revision <= :revision

-- name: all_names
-- The items of the book as of a revision, with names alone: every cost and rate is zero.
select kind, revision, content from copq.rate_name where revision <= :revision

-- name: revision_at
-- The newest revision of an instant: 0 before the first.
select coalesce(max(revision), 0) from copq.rate_revision where imported_at <= :instant
