-- observations_latest picks the best vintage of each cell first and asks who set and confirmed it
-- only where a query reads that, for asking takes a window over every vintage. Its epoch is that
-- of the figure in force, also where a reopened figure was confirmed unchanged. figures reads it
-- instead of repeating it. The two views change, and no table.

-- views: 2a611e93249ac5ee2f232033ca43cbee6c246409dcd042c13564b91c8f80020d
