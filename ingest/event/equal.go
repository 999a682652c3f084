package event

import "slices"

// Equal reports whether two totals are the same in every field but Inputs: the same
// figures from other submissions make an equal total. An absent list equals an empty
// one.
func (t *Total) Equal(other *Total) bool { return len(t.Differing(other)) == 0 }

// Differing returns the fields in which two totals differ, but for Inputs, by the names of
// their columns. An absent list equals an empty one.
func (t *Total) Differing(other *Total) (fields []string) {
	for _, field := range [...]struct {
		name string
		same bool
	}{
		{"indicator", t.Indicator == other.Indicator}, {"value", t.Value == other.Value}, {"unit", t.Unit == other.Unit},
		{"stage", t.Stage == other.Stage}, {"status", t.Status == other.Status}, {"qualifier", t.Qualifier == other.Qualifier},
		{"change", t.Change == other.Change}, {"change_kind", t.ChangeKind == other.ChangeKind},
		{"change_absolute", t.ChangeAbsolute == other.ChangeAbsolute}, {"change_reason", t.ChangeReason == other.ChangeReason},
		{"expected", t.Expected == other.Expected}, {"missing", slices.Equal(t.NotReported(), other.NotReported())},
		{"publishable", t.Publishable == other.Publishable}, {"flags", slices.Equal(t.Flags, other.Flags)},
		{"change_qualifier", t.ChangeQualifier == other.ChangeQualifier}, {"change_areas", slices.Equal(t.ChangeAreas, other.ChangeAreas)},
		{"carried", slices.Equal(t.Carried, other.Carried)}, {"held", t.Held.equal(other.Held)},
	} {
		if !field.same {
			fields = append(fields, field.name)
		}
	}
	return fields
}

// SameChange reports whether two totals tell the same of their change on the year before.
func (t *Total) SameChange(other *Total) bool {
	return t.Change == other.Change && t.ChangeAbsolute == other.ChangeAbsolute && t.ChangeReason == other.ChangeReason &&
		t.ChangeQualifier == other.ChangeQualifier && slices.Equal(t.ChangeAreas, other.ChangeAreas)
}

// SameContent reports whether two releases have the same name, period, note, catalogue,
// absent indicators and totals, inputs included. It does not compare when and by whom they were made, nor
// from which state of the log.
func (r *Release) SameContent(other *Release) bool {
	return r.Name == other.Name && r.Period == other.Period && r.Note == other.Note && r.Catalogue == other.Catalogue && slices.Equal(r.Absent, other.Absent) &&
		slices.EqualFunc(r.Totals, other.Totals, func(a, b Total) bool { return a.Equal(&b) && a.Inputs == b.Inputs })
}
