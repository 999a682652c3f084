package ledger

import (
	"slices"
	"strings"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
)

// entities are the entities of all lists, each once, by the number under which claims refer
// to them; and the names that they have been given, likewise.
type entities struct {
	codes       [][catalogue.EntityCodeLength]byte
	numbers     map[[catalogue.EntityCodeLength]byte]uint32
	names       []string
	nameNumbers map[string]uint32
}

func (e *entities) number(code string) uint32 {
	key := [catalogue.EntityCodeLength]byte([]byte(code))
	number, ok := e.numbers[key]
	if !ok {
		if e.numbers == nil {
			e.numbers = map[[catalogue.EntityCodeLength]byte]uint32{}
		}
		number = uint32(len(e.codes))
		e.codes, e.numbers[key] = append(e.codes, key), number
	}
	return number
}

// find returns an entity's number; false where no list has had it.
func (e *entities) find(code string) (uint32, bool) {
	if len(code) != catalogue.EntityCodeLength {
		return 0, false
	}
	number, ok := e.numbers[[catalogue.EntityCodeLength]byte([]byte(code))]
	return number, ok
}

func (e *entities) nameNumber(name string) uint32 {
	number, ok := e.nameNumbers[name]
	if !ok {
		if e.nameNumbers == nil {
			e.nameNumbers = map[string]uint32{}
		}
		name = strings.Clone(name) // it shares its memory with the whole message
		number = uint32(len(e.names))
		e.names, e.nameNumbers[name] = append(e.names, name), number
	}
	return number
}

// claim is one area's statement of an entity in a cell, in 40 bytes.
type claim struct {
	since          uint64 // place in SUBMISSIONS from which on the area has listed it
	from, to       catalogue.Day
	entity, name   uint32
	submission     uint32 // number of the submission
	next           uint32 // index of the entity's next claim, from 1; 0 is none
	area           uint16
	registered     uint16 // number of the area of its registered address, from 1; 0 is not said
	epoch          uint8
	stageAndStatus uint8
}

func (c *claim) figure() packedFigure {
	return packedFigure{coefficient: 1, source: c.submission, stageAndStatus: c.stageAndStatus, epoch: c.epoch}
}

// listed is what areas list in one cell.
type listed struct {
	lastDay catalogue.Day // of the period
	claims  []claim
	first   map[uint32]uint32 // index of an entity's first claim, from 1
	areas   []listedArea      // by number of the area
	// plain are the figures that areas reported beside, by number of the area; one of an area
	// that has a list does not count.
	plain []packedFigure
}

// listedArea is what one area lists.
type listedArea struct {
	inForce int32 // entities that it lists and has not withdrawn
	valid   int32 // those of them that are valid at the period's end
	counted int32 // those of them that count for it
	stages  [catalogue.Final + 1]int32
	latest  uint32 // number of the submission received last, of which rows were folded in
	unit    uint8  // of that
	begun   bool
}

// listIn returns what is listed in a cell, nothing where it first is.
func (l *Ledger) listIn(c *cellFigures, p catalogue.Period) *listed {
	if c.list == nil {
		c.list = &listed{lastDay: catalogue.DayOf(p.LastDay()), first: map[uint32]uint32{}, plain: slices.Clone(c.figures)}
	}
	return c.list
}

// putEntity takes an area's statement of an entity where it is better than the one before, which
// it returns. The figures of the cell do not follow before countLists.
func (l *Ledger) putEntity(indicator *numberedIndicator, p *periodCells, area int, f *packedFigure, e *event.ListedEntity) (was stated, taken bool) {
	c := l.cellOf(indicator, p)
	s := l.listIn(c, p.period)
	l.uncounted[c] = Cell{indicator.id, p.period}
	of := s.area(area)
	sequence := l.submissions[f.source].sequence
	if !of.begun || sequence > l.submissions[of.latest].sequence {
		of.latest, of.unit, of.begun = f.source, f.unit, true
	}
	number := l.entities.number(e.Code)
	at := s.first[number]
	for at != 0 && s.claims[at-1].area != uint16(area) {
		at = s.claims[at-1].next
	}
	made := claim{
		since: e.Since, from: e.From, to: e.To, entity: number, name: l.entities.nameNumber(e.Name), submission: f.source,
		area: uint16(area), epoch: f.epoch, stageAndStatus: f.stageAndStatus,
	}
	if made.since == 0 {
		made.since = sequence
	}
	if e.Registered != "" {
		made.registered = uint16(l.areaNumber(e.Registered) + 1)
	}
	if at != 0 {
		before := s.claims[at-1].figure()
		was = stated{before, l.claim(&s.claims[at-1]).Entity}
		if !l.better(f, &before) {
			return was, false
		}
	}
	l.countEntity(indicator, s, number, -1)
	if at == 0 {
		made.next = s.first[number]
		s.claims = append(s.claims, made)
		s.first[number] = uint32(len(s.claims))
	} else {
		made.next = s.claims[at-1].next
		s.claims[at-1] = made
	}
	l.countEntity(indicator, s, number, 1)
	return was, true
}

func (s *listed) area(number int) *listedArea {
	if number >= len(s.areas) {
		s.areas = append(s.areas, make([]listedArea, number+1-len(s.areas))...)
	}
	return &s.areas[number]
}

// countEntity adds n to the counts of the areas that claim an entity.
func (l *Ledger) countEntity(indicator *numberedIndicator, s *listed, entity uint32, n int32) {
	var buffer [4]contender[uint16]
	contenders := buffer[:0]
	for at := s.first[entity]; at != 0; at = s.claims[at-1].next {
		c := &s.claims[at-1]
		if f := c.figure(); !f.counts() {
			continue
		}
		of := &s.areas[c.area]
		of.inForce += n
		of.stages[c.stageAndStatus&7] += n
		if c.from > s.lastDay || c.to != 0 && c.to < s.lastDay {
			continue
		}
		if of.valid += n; l.additive(int(c.area)) {
			contenders = append(contenders, contender[uint16]{c.area + 1, c.registered, c.since})
		} else {
			of.counted += n
		}
	}
	if area, ok := winner(indicator.claimRule(), contenders); ok {
		s.areas[area-1].counted += n
	}
}

// claimRule returns the rule by which an entity counts that several areas claim.
func (i *numberedIndicator) claimRule() catalogue.ClaimRule {
	if i.definition == nil {
		return catalogue.FirstReported
	}
	return i.definition.CountsFor
}

// additive reports whether the catalogue in force adds an area's figures to the city's.
func (l *Ledger) additive(area int) bool {
	for number := len(l.additiveAreas); number <= area; number++ {
		a, ok := l.catalogue.Area(l.areas[number])
		l.additiveAreas = append(l.additiveAreas, ok && a.Additive())
	}
	return l.additiveAreas[area]
}

// countLists writes the counts of the lists that have changed as figures of their cells.
func (l *Ledger) countLists() {
	for c, cell := range l.uncounted {
		l.followList(c, cell)
	}
	clear(l.uncounted)
}

// followList makes a cell's figures what its list and the figures beside it say: an area's
// list goes before its figure.
func (l *Ledger) followList(c *cellFigures, cell Cell) {
	s := c.list
	figures := make([]packedFigure, max(len(s.areas), len(s.plain), len(c.figures)))
	copy(figures, s.plain)
	for area := range s.areas {
		if of := &s.areas[area]; of.inForce > 0 {
			stage := catalogue.Forecast
			for of.stages[stage] == 0 && stage < catalogue.Final {
				stage++
			}
			figures[area] = packedFigure{
				coefficient: int64(of.counted), scaleAndQualifier: listBit, source: of.latest, stageAndStatus: packStage(stage, catalogue.Normal), unit: of.unit,
			}
		}
	}
	if slices.Equal(figures, c.figures) {
		return
	}
	l.keepForViews(c, cell)
	c.figures = figures
}

// recountLists counts every list anew, under a catalogue that has come into force.
func (l *Ledger) recountLists() {
	l.additiveAreas = l.additiveAreas[:0]
	for period, of := range l.periods {
		for id, indicator := range l.indicators {
			c := of.cell(indicator.number)
			if c == nil || c.list == nil {
				continue
			}
			for area := range c.list.areas {
				before := c.list.areas[area]
				c.list.areas[area] = listedArea{latest: before.latest, unit: before.unit, begun: before.begun}
			}
			for entity := range c.list.first {
				l.countEntity(indicator, c.list, entity, 1)
			}
			l.followList(c, Cell{id, period})
		}
	}
}
