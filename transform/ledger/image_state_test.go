package ledger

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
)

// ledgerState is everything that a ledger knows, in a form that does not depend on how it came
// to know it.
type ledgerState struct {
	Extent       Extent
	Editions     map[uint64]string
	Rules        string
	Units, Areas []string
	AreaOrder    []int
	Indicators   map[string]indicatorState
	Cells        map[Cell]cellState
	CellCount    int
	Submissions  []foldedSubmission
	Confirmed    []confirmation
	Numbers      map[event.SubmissionID]uint32
	Keyed        map[event.SubmissionID][]uint32
	KeyHolders   map[keyHash]uint32
	Subjects     map[string]uint64
	Locked       map[catalogue.Period]bool
	Reopened     []event.Decision
	Withdrawn    map[areaItem]uint8
	InCells      map[Cell]bool
	HeldCells    map[Cell]bool
	Unreadable   map[uint64]string
	Holds        map[event.HoldID]Hold
	Held         map[Cell][]Hold
	Decided      map[heldItem][]event.HoldID
	Corrections  map[areaItem]packedCorrection
	TakenBack    map[areaItem]packedFigure
	Entities     entities
}

type indicatorState struct {
	Number   int
	Unit     uint8
	Known    bool
	Reported map[int16]catalogue.PeriodSet
}

type cellState struct {
	Figures, Plain []packedFigure
	Claims         []claim
	First          map[uint32]uint32
	Areas          []listedArea
	LastDay        catalogue.Day
}

// ExportAll has states compared by every field.
var ExportAll = gocmp.Exporter(func(reflect.Type) bool { return true })

func trimmed[T comparable](all []T) []T {
	var none T
	for len(all) > 0 && all[len(all)-1] == none {
		all = all[:len(all)-1]
	}
	if len(all) == 0 {
		return nil
	}
	return slices.Clone(all)
}

func present[K comparable, V any](m map[K]V) map[K]V {
	if len(m) == 0 {
		return nil
	}
	return maps.Clone(m)
}

// StateOf returns the state of a ledger.
func StateOf(l *Ledger) *ledgerState {
	s := &ledgerState{
		Extent: l.Extent(), Rules: l.rules, Editions: map[uint64]string{}, Units: l.units, Areas: l.areas, AreaOrder: l.areaOrder, Indicators: map[string]indicatorState{}, Cells: map[Cell]cellState{},
		CellCount: l.cellCount, Submissions: slices.Clip(l.submissions), Confirmed: l.confirmations, Numbers: present(l.submissionNumbers), Keyed: present(l.keyed), KeyHolders: present(l.keyHolders),
		Subjects: present(l.lastOnSubject), Locked: present(l.locked), Reopened: l.reopened, Withdrawn: present(l.withdrawn), InCells: present(l.withdrawnCells), HeldCells: present(l.heldCells), Decided: present(l.decided), Corrections: present(l.corrections), TakenBack: present(l.takenBack),
		Unreadable: map[uint64]string{}, Holds: map[event.HoldID]Hold{}, Held: map[Cell][]Hold{}, Entities: l.entities,
	}
	if len(s.Submissions) == 0 {
		s.Submissions = nil
	}
	s.Entities.numbers, s.Entities.nameNumbers = present(l.entities.numbers), present(l.entities.nameNumbers)
	for _, e := range l.editions {
		s.Editions[e.sequence] = e.Version()
	}
	for sequence, why := range l.unreadable {
		s.Unreadable[sequence] = fmt.Sprint(event.IsPermanent(why), why)
	}
	for id, h := range l.holds {
		s.Holds[id] = *h
		if pending := l.held.pending(h.Item(), h.Area); (pending == h) != (h.State == HoldPending) {
			s.Unreadable[h.Sequence] = "a held figure is not that of its cell"
		}
	}
	for cell, of := range l.held {
		for _, h := range of {
			s.Held[cell] = append(s.Held[cell], *h)
		}
	}
	for id, indicator := range l.indicators {
		s.Indicators[id] = indicatorState{indicator.number, indicator.unit, indicator.definition != nil, present(indicator.reported)}
		for period, of := range l.periods {
			c := of.cell(indicator.number)
			if c == nil {
				continue
			}
			state := cellState{Figures: trimmed(c.figures)}
			if c.list != nil {
				state.Plain, state.Claims, state.First = trimmed(c.list.plain), slices.Clip(c.list.claims), c.list.first
				state.Areas, state.LastDay = trimmed(c.list.areas), c.list.lastDay
			}
			s.Cells[Cell{id, period}] = state
		}
	}
	return s
}

// Counts returns how many of everything there is that a history may have.
func (s *ledgerState) Counts() map[string]int {
	return map[string]int{
		"holds": len(s.Holds), "held figures": len(s.Held), "decided figures": len(s.Decided), "entities": len(s.Entities.codes), "keys": len(s.KeyHolders), "unreadable messages": len(s.Unreadable), "editions": len(s.Editions) - 1, "rules": len(s.Rules),
		"confirmations": len(s.Confirmed), "corrections": len(s.Corrections), "figures taken back": len(s.TakenBack), "locks": len(s.Locked), "reopenings": len(s.Reopened), "withdrawals": len(s.Withdrawn), "repetitions": len(s.Submissions) - len(s.Numbers),
	}
}

// What a ledger keeps goes into its image: a field that is added has to go there too, and into
// ledgerState, which compares the two.
func TestImageKnowsEveryField(t *testing.T) {
	for _, of := range []struct {
		kept any
		want string
	}{
		{&Ledger{}, "mu catalogue editions rules units unitNumbers areas areaNumbers areaOrder indicators periods cellCount submissions confirmations submissionNumbers keyed keyHolders lastOnSubject " +
			"locked reopened withdrawn withdrawnCells unreadable holds held heldShared heldCells decided corrections takenBack entities additiveAreas uncounted basis rows latest advanced views viewCount changesAskedAt changedCells"},
		{&foldedSubmission{}, "id sequence acceptedSequence rows before"},
		{&packedFigure{}, "coefficient source scaleAndQualifier stageAndStatus epoch unit"},
		{&confirmation{}, "setter latest"},
		{&periodCells{}, "period cells"},
		{&cellFigures{}, "figures viewsBefore list"},
		{&listed{}, "lastDay claims first areas plain"},
		{&claim{}, "since from to entity name submission next area registered epoch stageAndStatus"},
		{&listedArea{}, "inForce valid counted stages latest unit begun"},
		{&packedCorrection{}, "replaced"},
		{&stated{}, "packedFigure entity"},
		{&entities{}, "codes numbers names nameNumbers"},
		{&numberedIndicator{}, "id number conversion reported years"},
	} {
		var names []string
		kept := reflect.TypeOf(of.kept).Elem()
		for i := range kept.NumField() {
			names = append(names, kept.Field(i).Name)
		}
		if got := strings.Join(names, " "); got != of.want {
			t.Errorf("%T has the fields\n%s\nwant those that an image has:\n%s", of.kept, got, of.want)
		}
	}
}
