-- An obligation is met by whatever brought the figure: another dataset, a list of entities, a period
-- that spans the same months under another name. The view coverage changes, and no table.

-- views: 636a6f0b4d2d7d545758f62741e9b7c8c23d7fbb3cff1bc342e1a479393959c9
