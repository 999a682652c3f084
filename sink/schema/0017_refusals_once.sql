-- A refused file that is sent again counts once: in coverage, in its scores, and in findings where
-- repeated is asked for. The views coverage and findings change, and no table.

-- views: e333e104abb1918b44dcaa56d5b8792fbf0ee862a493758c431195eaf1d85260
