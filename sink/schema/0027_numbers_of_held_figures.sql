-- Held figures of one row of a wide table are told apart in their ids, and all have the row of the file.

-- views: 634c70dc60d1807ebbaef978bb618b51716cc4affd5536380522d05c8cb3a9ac
