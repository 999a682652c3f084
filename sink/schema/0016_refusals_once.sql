-- A refused file that is sent again counts once: in coverage, in its scores, and in findings where
-- repeated is asked for. The views coverage and findings change, and no table.

-- views: d7f186396a1ed6151a40631be6cae8420278a6e8178e401681d60af0b541ff8f
