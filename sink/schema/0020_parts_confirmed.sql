-- What totals are made of is read without asking of every figure who set it: the inputs of totals
-- name who did, and the best vintage of their cells is the last that confirmed it. What holds changed
-- since a release is told beside its totals. The views total_parts and release_changes change, and no
-- table.

-- views: 0e6dadeb72619cbba023d55d9fc3835629dfe2eefa49c92551211a10ecbad935
