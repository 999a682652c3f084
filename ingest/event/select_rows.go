package event

// SelectRows returns the submission with only the rows of the given indexes, in their
// order.
func (s *AcceptedSubmission) SelectRows(rows []int) AcceptedSubmission {
	selected := *s
	selected.Indicator, selected.Period = selectFrom(s.Indicator, rows), selectFrom(s.Period, rows)
	selected.Coefficient, selected.Scale = selectFrom(s.Coefficient, rows), selectFrom(s.Scale, rows)
	selected.Stage, selected.Status = selectFrom(s.Stage, rows), selectFrom(s.Status, rows)
	selected.Qualifier, selected.Row = selectFrom(s.Qualifier, rows), selectFrom(s.Row, rows)
	selected.Raw, selected.Note, selected.Epoch = selectSparse(s.Raw, rows), selectSparse(s.Note, rows), selectSparse(s.Epoch, rows)
	selected.Entities = s.Entities.selectRows(rows)
	return selected
}

func selectFrom[T any](column []T, rows []int) []T {
	selected := make([]T, len(rows))
	for i, row := range rows {
		selected[i] = column[row]
	}
	return selected
}

// selectSparse selects from a column in which only some rows have a value.
func selectSparse[T any](column map[int]T, rows []int) map[int]T {
	var selected map[int]T
	for i, row := range rows {
		if v, ok := column[row]; ok {
			if selected == nil {
				selected = map[int]T{}
			}
			selected[i] = v
		}
	}
	return selected
}
