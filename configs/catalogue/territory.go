package catalogue

import (
	"slices"
	"time"
)

// Territories is how areas of two periods divide the city.
type Territories struct {
	// All are the territories, each as small as possible.
	All []Territory
	// New are the codes, in order, of areas that were formed from nothing that existed in
	// the earlier period, and Broken those of other areas for some of whose territory
	// nobody is known in the other period.
	New, Broken []string
}

// Territory is areas of two periods that cover the same territory.
type Territory struct {
	// Before and Now are the codes, in order, of the areas that count towards the city at
	// the end of the one period and of the other.
	Before, Now []string
}

// Territories divides the city into territories that areas of both periods cover: an area
// that went on unchanged is one, as are all areas that were merged, split or gave parts to
// one another between the ends of the two periods. What belongs to an inside zone belongs
// to its host.
func (c *Catalogue) Territories(before, now Period) *Territories {
	found := &Territories{}
	s := c.succession(before, now)
	group := map[string]string{} // a code of the territory, by code
	find := func(code string) string {
		for group[code] != code {
			code = group[code]
		}
		return code
	}
	join := func(code string, others []string) {
		for _, other := range others {
			a, b := find(code), find(other)
			group[max(a, b)] = min(a, b)
		}
	}
	was, is := c.Expected(before), c.Expected(now)
	for _, code := range slices.Concat(was, is) {
		group[code] = code
	}
	for _, code := range was {
		heirs, known := s.heirs(c.areas[code], s.from)
		join(code, heirs)
		if !known {
			found.Broken = append(found.Broken, code)
		}
	}
	for _, code := range is {
		origins, known := s.origins(c.areas[code], s.to.AddDate(0, 0, 1))
		join(code, origins)
		if !known && len(origins) > 0 {
			found.Broken = append(found.Broken, code)
		} else if !known {
			found.New = append(found.New, code)
		}
	}
	places := map[string]int{}
	of := func(code string) *Territory {
		place, ok := places[find(code)]
		if !ok {
			place = len(found.All)
			places[find(code)], found.All = place, append(found.All, Territory{})
		}
		return &found.All[place]
	}
	for _, code := range was {
		of(code).Before = append(of(code).Before, code)
	}
	for _, code := range is {
		of(code).Now = append(of(code).Now, code)
	}
	slices.Sort(found.Broken)
	found.Broken = slices.Compact(found.Broken)
	return found
}

// Origins returns the codes, in order, of the areas to which the territory that an area
// has at the end of a period belonged at the end of an earlier one. It reports false
// where that is not known of all of it.
func (c *Catalogue) Origins(code string, before, now Period) ([]string, bool) {
	s := c.succession(before, now)
	area, ok := c.areas[code]
	if !ok {
		return nil, false
	}
	return s.origins(area, s.to.AddDate(0, 0, 1))
}

// succession follows territory from one day to a later one. It remembers what it found:
// parts may be handed on many times.
type succession struct {
	*Catalogue
	from, to                 time.Time
	foundOrigins, foundHeirs map[areaOnDay]successors
}

type areaOnDay struct {
	*Area
	day time.Time
}

type successors struct {
	codes []string
	known bool
}

func (c *Catalogue) succession(before, now Period) *succession {
	return &succession{Catalogue: c, from: before.LastDay(), to: now.LastDay(), foundOrigins: map[areaOnDay]successors{}, foundHeirs: map[areaOnDay]successors{}}
}

// remembered returns what find returns, which it calls once for each area and day.
func remembered(found map[areaOnDay]successors, area *Area, day time.Time, find func() ([]string, bool)) ([]string, bool) {
	key := areaOnDay{area, day}
	of, ok := found[key]
	if !ok {
		codes, known := find()
		slices.Sort(codes)
		of = successors{slices.Compact(codes), known}
		found[key] = of
	}
	return of.codes, of.known
}

// origins returns the areas to which the territory that an area has just before a day
// belonged on the first day of the succession. It reports false where that is not known
// of all of it.
func (s *succession) origins(area *Area, until time.Time) ([]string, bool) {
	return remembered(s.foundOrigins, area, until, func() ([]string, bool) { return s.findOrigins(area, until) })
}

func (s *succession) findOrigins(area *Area, until time.Time) (codes []string, known bool) {
	if area.Kind == InsideZone {
		return ofEach(s.standing(s.areas[area.Host], until.AddDate(0, 0, -1)), func(host *Area) ([]string, bool) { return s.origins(host, until) })
	}
	begun := area.ExistsOn(s.from)
	known = true
	add := func(source *Area, day time.Time) {
		more, ok := s.origins(source, day)
		codes, known, begun = append(codes, more...), known && ok, begun || day.Equal(area.ValidFrom.Time)
	}
	if begun {
		codes = []string{area.Code}
	} else {
		for _, code := range area.Predecessors {
			add(s.areas[code], area.ValidFrom.Time)
		}
	}
	for _, gain := range s.gained(area) {
		if gain.Day.After(s.from) && gain.Day.Before(until) {
			add(s.areas[gain.From], gain.Day.Time)
		}
	}
	return codes, known && begun
}

// gained returns the parts of other areas that became parts of an area, or of a zone
// inside it.
func (s *succession) gained(area *Area) []Gain {
	gains := area.Gained
	for i := range s.Areas {
		zone := &s.Areas[i]
		if zone.Kind != InsideZone {
			continue
		}
		of := slices.Clone(zone.Gained)
		for _, predecessor := range zone.Predecessors {
			of = append(of, Gain{From: predecessor, Day: zone.ValidFrom})
		}
		for _, gain := range of {
			if slices.Contains(s.standing(s.areas[zone.Host], gain.Day.Time), area) {
				gains = append(slices.Clip(gains), gain)
			}
		}
	}
	return gains
}

// heirs returns the areas to which the territory that an area has on a day belongs on the
// last day of the succession. It reports false where that is not known of all of it.
func (s *succession) heirs(area *Area, since time.Time) ([]string, bool) {
	return remembered(s.foundHeirs, area, since, func() ([]string, bool) { return s.findHeirs(area, since) })
}

func (s *succession) findHeirs(area *Area, since time.Time) (codes []string, known bool) {
	if area.Kind == InsideZone {
		return ofEach(s.standing(s.areas[area.Host], since), func(host *Area) ([]string, bool) { return s.heirs(host, since) })
	}
	known = true
	add := func(heir *Area, day time.Time) {
		if day.After(s.to) {
			known = false
			return
		}
		more, ok := s.heirs(heir, day)
		codes, known = append(codes, more...), known && ok
	}
	goesOn := area.ExistsOn(s.to)
	if goesOn {
		codes = []string{area.Code}
	}
	for i := range s.Areas {
		other := &s.Areas[i]
		if slices.Contains(other.Predecessors, area.Code) && !area.ExistsOn(s.to) {
			goesOn = true
			add(other, other.ValidFrom.Time)
		}
	}
	for i := range s.Areas {
		for _, gain := range s.Areas[i].Gained {
			if gain.From == area.Code && gain.Day.After(since) && !gain.Day.After(s.to) {
				add(&s.Areas[i], gain.Day.Time)
				goesOn = goesOn || gain.Day.Equal(area.ValidTo.Time)
			}
		}
	}
	return codes, known && goesOn
}

// standing returns the area where it exists on a day, else those of the areas before it
// that do.
func (s *succession) standing(area *Area, day time.Time) (areas []*Area) {
	if area.ExistsOn(day) {
		return []*Area{area}
	}
	for _, code := range area.Predecessors {
		areas = append(areas, s.standing(s.areas[code], day)...)
	}
	return areas
}

// ofEach joins what is found for each of some areas; false where that is not known of all
// of them, or there are none.
func ofEach(areas []*Area, find func(*Area) ([]string, bool)) (codes []string, known bool) {
	known = len(areas) > 0
	for _, area := range areas {
		more, ok := find(area)
		codes, known = append(codes, more...), known && ok
	}
	return codes, known
}

// Heirs returns the codes, in order, of the areas that took over an area's territory when
// it ended. Those of an inside zone are the areas that name it as their predecessor.
func (c *Catalogue) Heirs(area *Area) (heirs []string) {
	s := &succession{Catalogue: c, from: area.ValidTo.AddDate(0, 0, -1), to: area.ValidTo.Time, foundHeirs: map[areaOnDay]successors{}}
	for i := range c.Areas {
		if other := &c.Areas[i]; slices.Contains(other.Predecessors, area.Code) {
			heirs = append(heirs, other.Code)
			s.to = latest(s.to, other.ValidFrom.Time)
		}
	}
	if area.Additive() {
		heirs, _ = s.heirs(area, s.from)
	}
	return heirs
}

func latest(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}
