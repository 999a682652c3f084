package event

import (
	"fmt"
	"strings"

	"github.com/citytally/citytally/configs/catalogue"
)

// Listing is what a row of a dataset of entities says beside indicator, period and stage,
// unchecked. A row of figures has none.
type Listing struct {
	// Entity is the unified social credit code, and EntityName the entity's name.
	Entity     string `json:"entity,omitempty"`
	EntityName string `json:"entity_name,omitempty"`
	// ValidFrom and ValidTo are the first and the last day, or period, in which the entity
	// is what the indicator counts; "" is no bound.
	ValidFrom string `json:"valid_from,omitempty"`
	ValidTo   string `json:"valid_to,omitempty"`
	// RegisteredArea is the code or name of the area of the entity's registered address; ""
	// is not said.
	RegisteredArea string `json:"registered_area,omitempty"`
}

func (l *Listing) fields() [5]string {
	return [...]string{l.Entity, l.EntityName, l.ValidFrom, l.ValidTo, l.RegisteredArea}
}

// listing returns the observation's listing, a new one where it has none.
func (o *Observation) listing() *Listing {
	if o.Listing == nil {
		o.Listing = &Listing{}
	}
	return o.Listing
}

// ListedEntity is an entity that an area lists in a cell.
type ListedEntity struct {
	// Code is its unified social credit code, of 18 characters.
	Code string `cbor:"1,keyasint"`
	Name string `cbor:"2,keyasint"`
	// From and To are the first and the last day on which it counts; 0 is no bound.
	From catalogue.Day `cbor:"3,keyasint,omitempty"`
	To   catalogue.Day `cbor:"4,keyasint,omitempty"`
	// Registered is the code of the area of its registered address; "" is not said.
	Registered string `cbor:"5,keyasint,omitempty"`
	// Since is the place in SUBMISSIONS of the submission by which the area first listed it
	// and has listed it since; 0 is the submission that the row is of.
	Since uint64 `cbor:"6,keyasint,omitempty"`
}

// ValidOn reports whether the entity counts on a day.
func (e *ListedEntity) ValidOn(day catalogue.Day) bool {
	return e.From <= day && (e.To == 0 || day <= e.To)
}

// SameContent reports whether two statements say the same of an entity; two of none do.
func (e *ListedEntity) SameContent(f *ListedEntity) bool {
	if e == nil || f == nil {
		return e == f
	}
	return e.Code == f.Code && e.Name == f.Name && e.From == f.From && e.To == f.To && e.Registered == f.Registered
}

// String returns what the statement says, for a verdict: its name, and when it counts.
func (e *ListedEntity) String() string {
	text := e.Name
	if e.From != 0 || e.To != 0 {
		text += fmt.Sprintf(" %s…%s", e.From, e.To)
	}
	if e.Registered != "" {
		text += " @" + e.Registered
	}
	return strings.TrimSpace(text)
}

// ListedEntities are the entities of a submission's rows, as columns beside the others. A row
// whose code is "" is a figure.
type ListedEntities struct {
	Code       Words          `cbor:"1,keyasint"`
	Name       Words          `cbor:"2,keyasint"`
	From       Column[uint32] `cbor:"3,keyasint"`
	To         Column[uint32] `cbor:"4,keyasint"`
	AreaWords  Words          `cbor:"5,keyasint"`
	Registered Column[uint16] `cbor:"6,keyasint"` // index in AreaWords, from 1; 0 is not said
	Since      Column[uint64] `cbor:"7,keyasint"`
}

// add appends the entity of a row, or none.
func (l *ListedEntities) add(e *ListedEntity) {
	if e == nil {
		e = &ListedEntity{}
	}
	l.Code, l.Name = append(l.Code, e.Code), append(l.Name, e.Name)
	l.From, l.To, l.Since = append(l.From, uint32(e.From)), append(l.To, uint32(e.To)), append(l.Since, e.Since)
	registered := 0
	for registered = len(l.AreaWords); registered > 0 && l.AreaWords[registered-1] != e.Registered; registered-- {
	}
	if registered == 0 && e.Registered != "" {
		l.AreaWords = append(l.AreaWords, e.Registered)
		registered = len(l.AreaWords)
	}
	l.Registered = append(l.Registered, uint16(registered))
}

// at returns the entity of a row; nil where that is a figure.
func (l *ListedEntities) at(row int) *ListedEntity {
	if l == nil || l.Code[row] == "" {
		return nil
	}
	e := &ListedEntity{Code: l.Code[row], Name: l.Name[row], From: catalogue.Day(l.From[row]), To: catalogue.Day(l.To[row]), Since: l.Since[row]}
	if n := l.Registered[row]; n > 0 {
		e.Registered = l.AreaWords[n-1]
	}
	return e
}

// check makes sure that there is an entity for each of n rows, and that every index is in
// range.
func (l *ListedEntities) check(n int) error {
	if l == nil {
		return nil
	}
	for _, length := range [...]int{len(l.Code), len(l.Name), len(l.From), len(l.To), len(l.Registered), len(l.Since)} {
		if length != n {
			return fmt.Errorf("entities of %d rows beside %d", length, n)
		}
	}
	for i, code := range l.Code {
		if code != "" && len(code) != catalogue.EntityCodeLength || int(l.Registered[i]) > len(l.AreaWords) {
			return fmt.Errorf("row %d lists nothing that can be", i)
		}
	}
	return nil
}

func (l *ListedEntities) selectRows(rows []int) *ListedEntities {
	if l == nil {
		return nil
	}
	return &ListedEntities{
		Code: selectFrom(l.Code, rows), Name: selectFrom(l.Name, rows), From: selectFrom(l.From, rows), To: selectFrom(l.To, rows),
		AreaWords: l.AreaWords, Registered: selectFrom(l.Registered, rows), Since: selectFrom(l.Since, rows),
	}
}

// Entity returns the entity that row i lists; nil where that is a figure.
func (s *AcceptedSubmission) Entity(i int) *ListedEntity { return s.Entities.at(i) }

// setEntity appends the entity of the row at an index, which may be none.
func (s *AcceptedSubmission) setEntity(at int, e *ListedEntity) {
	if e != nil && s.Entities == nil {
		s.Entities = &ListedEntities{}
		for range at {
			s.Entities.add(nil)
		}
	}
	if s.Entities != nil {
		s.Entities.add(e)
	}
}
