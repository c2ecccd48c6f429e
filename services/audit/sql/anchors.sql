-- The anchors with their digests, the oldest first.
select anchor, until, digest from copq.anchor_digest order by anchor
