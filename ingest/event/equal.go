package event

import "slices"

// Equal reports whether two totals are the same in every field but Inputs: the same
// figures from other submissions make an equal total. An absent list equals an empty
// one.
func (t *Total) Equal(other *Total) bool {
	return t.Indicator == other.Indicator && t.Value == other.Value && t.Unit == other.Unit &&
		t.Stage == other.Stage && t.Status == other.Status && t.Qualifier == other.Qualifier &&
		t.Change == other.Change && t.ChangeKind == other.ChangeKind &&
		t.ChangeAbsolute == other.ChangeAbsolute && t.ChangeReason == other.ChangeReason &&
		t.Expected == other.Expected && slices.Equal(t.Missing, other.Missing) &&
		t.Publishable == other.Publishable && slices.Equal(t.Flags, other.Flags) &&
		t.ChangeQualifier == other.ChangeQualifier && slices.Equal(t.ChangeAreas, other.ChangeAreas) && slices.Equal(t.Carried, other.Carried)
}

// SameContent reports whether two releases have the same name, period, note, catalogue,
// absent indicators and totals, inputs included. It does not compare when and by whom they were made, nor
// from which state of the log.
func (r *Release) SameContent(other *Release) bool {
	return r.Name == other.Name && r.Period == other.Period && r.Note == other.Note && r.Catalogue == other.Catalogue && slices.Equal(r.Absent, other.Absent) &&
		slices.EqualFunc(r.Totals, other.Totals, func(a, b Total) bool { return a.Equal(&b) && a.Inputs == b.Inputs })
}
