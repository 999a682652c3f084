package event

// Only returns the submission with some of its rows, by index and in order.
func (s *AcceptedSubmission) Only(rows []int) AcceptedSubmission {
	some := *s
	some.Indicator, some.Period = pick(s.Indicator, rows), pick(s.Period, rows)
	some.Coefficient, some.Scale = pick(s.Coefficient, rows), pick(s.Scale, rows)
	some.Stage, some.Status = pick(s.Stage, rows), pick(s.Status, rows)
	some.Qualifier, some.Row = pick(s.Qualifier, rows), pick(s.Row, rows)
	some.Raw, some.Note, some.Epoch = pickFrom(s.Raw, rows), pickFrom(s.Note, rows), pickFrom(s.Epoch, rows)
	return some
}

func pick[T any](column []T, rows []int) []T {
	picked := make([]T, len(rows))
	for i, row := range rows {
		picked[i] = column[row]
	}
	return picked
}

// pickFrom picks from a column that only some rows have a value in.
func pickFrom[T any](column map[int]T, rows []int) map[int]T {
	var picked map[int]T
	for i, row := range rows {
		if v, ok := column[row]; ok {
			if picked == nil {
				picked = map[int]T{}
			}
			picked[i] = v
		}
	}
	return picked
}
