package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/citytally/citytally/ingest/event"
)

// campaignCatalogue is a city whose rules the oracle has in code.
const campaignCatalogue = `city: "100"
programmes: [{id: main, name_zh: 主要指标, name_en: Main}]
areas:
  - {code: "100", name_zh: 某市, name_en: Somewhere, kind: city}
  - {code: "101", name_zh: 一区, name_en: One, kind: district}
  - {code: "102", name_zh: 二区, name_en: Two, kind: district}
  - {code: "103", name_zh: 三区, name_en: Three, kind: district}
  - {code: "104", name_zh: 四县, name_en: Four, kind: district}
  - {code: "105", name_zh: 开发区, name_en: Zone, kind: carved_out}
  - {code: "106", name_zh: 园区, name_en: Park, kind: inside, host: "101"}
datasets: [{id: yearly, name_zh: 年报, name_en: Yearly, periods: [year]}]
indicators:
  - {id: output, name_zh: 产值, name_en: Output, programme: main, unit: 亿元, datasets: [yearly]}
  - {id: spending, name_zh: 支出, name_en: Spending, programme: main, unit: 亿元, coverage: partial, datasets: [yearly]}
  - {id: people, name_zh: 人数, name_en: People, programme: main, unit: 万人, datasets: [yearly]}
  - {id: intensity, name_zh: 强度, name_en: Intensity, programme: main, unit: "%", kind: ratio, numerator: spending, denominator: output, change: point}
  - {id: per_person, name_zh: 人均, name_en: Per person, programme: main, unit: 亿元/万人, kind: ratio, numerator: output, denominator: people, change: percent}
  - {id: rank, name_zh: 排名, name_en: Rank, programme: main, unit: 位, city_total: city, datasets: [yearly]}
`

var (
	campaignAreas  = []string{"100", "101", "102", "103", "104", "105", "106"}
	campaignYears  = []string{"2018", "2019", "2020", "2021", "2022"}
	campaignStages = []string{"", "forecast", "estimate", "flash", "final"}
	// campaignSilence are values that say nothing.
	campaignSilence = []string{"", "-", "…", "/", "—"}
)

// row is one observation as sent, and what has to become of it.
type row struct {
	Indicator string `json:"indicator"`
	Period    string `json:"period"`
	Value     string `json:"value"`
	Unit      string `json:"unit,omitempty"`
	Stage     string `json:"stage,omitempty"`
	Status    string `json:"status,omitempty"`
	Note      string `json:"note,omitempty"`
	Action    string `json:"action,omitempty"`

	// refusal is the finding's code where the row alone, or its submission, decides it.
	// Whether other rows are taken depends on what was before.
	refusal string
}

// silent reports whether the row says nothing.
func (r *row) silent() bool {
	return r.Status+r.Action == "" && slices.Contains(campaignSilence, r.Value)
}

// parcel is a submission of the campaign. Its number makes its content unique. Without a
// key it may be sent again later, and means what it says then.
type parcel struct {
	Area         string `json:"area"`
	Dataset      string `json:"dataset"`
	Key          string `json:"key,omitempty"`
	Observations []row  `json:"observations"`

	body []byte
	id   string
	// receipts are the places in SUBMISSIONS that were acknowledged for it.
	receipts []uint64
}

// sender is one area that pushes submissions, some of them bad, some of them
// again, in bursts; figures of one burst may overtake each other.
type sender struct {
	area   string
	random *rand.Rand
	url    string
	token  string
	http   *http.Client
	nats   jetstream.JetStream
	serial int
	// stages are the highest stages accepted so far by cell, none where the figure was
	// withdrawn; sent is what has been judged, by whether it has a key.
	stages map[string]int
	sent   map[bool][]*parcel

	mu      sync.Mutex
	all     map[string]*parcel // by body
	retries int
}

func (s *sender) n(n int) int             { return s.random.IntN(n) }
func (s *sender) chance(percent int) bool { return s.n(100) < percent }

// run pushes until ctx ends, and returns when everything it began is
// acknowledged and judged.
func (s *sender) run(ctx context.Context) error {
	whole := context.WithoutCancel(ctx)
	for ctx.Err() == nil {
		if err := s.burst(whole); err != nil {
			return fmt.Errorf("area %s: %w", s.area, err)
		}
	}
	return nil
}

// burst sends a few submissions at once, then waits for their verdicts, so that
// the next one knows what stages its figures may have. Each has a key, so that it stays
// the same submission however often it arrives.
func (s *sender) burst(ctx context.Context) error {
	if s.chance(30) {
		return s.exchange(ctx)
	}
	stages := map[string]int{}
	parcels := make([]*parcel, 1+s.n(6))
	for i := range parcels {
		parcels[i] = s.make(stages, false)
	}
	var sending sync.WaitGroup
	failures := make(chan error, 2*len(parcels)+2)
	send := func(deliver func() error) {
		sending.Go(func() {
			if err := deliver(); err != nil {
				failures <- err
			}
		})
	}
	for _, p := range parcels {
		wait := s.chance(30)
		switch kind := s.n(10); {
		case kind == 0:
			send(func() error { return s.publish(ctx, p, p.id) })
		case kind == 1: // sent twice at once
			send(func() error { return s.post(ctx, p, wait) })
			send(func() error { return s.post(ctx, p, false) })
		default:
			send(func() error { return s.post(ctx, p, wait) })
		}
	}
	if old := s.sent[true]; len(old) > 0 && s.chance(30) {
		again := old[s.n(len(old))]
		if s.chance(50) {
			send(func() error { return s.post(ctx, again, false) })
		} else {
			send(func() error { return s.publish(ctx, again, "") })
		}
	}
	if s.chance(5) {
		s.serial++
		garbage := &parcel{Area: s.area, Dataset: "yearly", body: fmt.Appendf(nil, `{"area": %q, %d`, s.area, s.serial)}
		send(func() error { return s.publish(ctx, garbage, "") })
	}
	sending.Wait()
	select {
	case err := <-failures:
		return err
	default:
	}
	for _, p := range parcels {
		if err := s.judged(ctx, p); err != nil {
			return err
		}
		s.note(p, stages)
	}
	s.sent[true] = append(s.sent[true], parcels...)
	return nil
}

// exchange sends one submission without a key while nothing else of the area is under
// way: a new one, which may withdraw figures, or one of before, which may have been
// superseded since.
func (s *sender) exchange(ctx context.Context) error {
	stages, old := map[string]int{}, s.sent[false]
	var p *parcel
	if len(old) > 0 && s.chance(40) {
		p = old[s.n(len(old))]
	} else {
		p = s.make(stages, true)
		s.sent[false] = append(old, p)
	}
	deliver := func() error { return s.post(ctx, p, s.chance(30)) }
	if s.chance(30) {
		deliver = func() error { return s.publish(ctx, p, "") }
	}
	if err := deliver(); err != nil {
		return err
	}
	if err := s.judged(ctx, p); err != nil {
		return err
	}
	s.note(p, stages)
	return nil
}

// note writes down what stages the figures of a parcel may have from now on. An earlier
// parcel may have put back a stage that was withdrawn, so it leaves the highest.
func (s *sender) note(p *parcel, stages map[string]int) {
	for i := range p.Observations {
		o := &p.Observations[i]
		cell := o.Indicator + " " + o.Period
		switch {
		case o.refusal != "" || o.silent():
		case o.Action != "":
			s.stages[cell] = 0
		default:
			s.stages[cell] = max(s.stages[cell], stages[cell], slices.Index(campaignStages, o.Stage))
		}
	}
}

// make composes a submission. A cell has one stage throughout a burst, so that
// what is accepted does not hang on which submission is judged first. One that is alone
// has no key and may withdraw; others have rows without a statement only where there is a
// figure already.
func (s *sender) make(stages map[string]int, alone bool) *parcel {
	s.serial++
	p := &parcel{Area: s.area, Dataset: "yearly"}
	if !alone {
		p.Key = s.area + "." + strconv.Itoa(s.serial)
	}
	indicators := []string{"output", "spending", "people"}
	if s.area == "100" {
		indicators = []string{"rank"}
	}
	taken := map[string]bool{}
	for range 1 + s.n(8) {
		o := row{Indicator: indicators[s.n(len(indicators))], Period: campaignYears[s.n(len(campaignYears))], Value: s.value()}
		cell := o.Indicator + " " + o.Period
		if taken[cell] {
			continue
		}
		taken[cell] = true
		if alone && s.chance(10) {
			p.Observations = append(p.Observations, row{Indicator: o.Indicator, Period: o.Period, Action: "D"})
			continue
		}
		if (alone || s.stages[cell] > 0) && s.chance(5) {
			o.Value, o.Stage = campaignSilence[s.n(len(campaignSilence))], "final"
			p.Observations = append(p.Observations, o)
			continue
		}
		if _, ok := stages[cell]; !ok && s.stages[cell] > 1 && s.chance(10) {
			o.Stage = campaignStages[s.stages[cell]-1]
			p.Observations = append(p.Observations, o)
			continue
		}
		if _, ok := stages[cell]; !ok {
			stages[cell] = max(s.stages[cell], 1)
			if s.chance(10) {
				stages[cell] = min(stages[cell]+1, len(campaignStages)-1)
			}
		}
		o.Stage = campaignStages[stages[cell]]
		if s.chance(5) {
			o.Value, o.Status = "", "O"
		}
		if o.Indicator != "people" && o.Indicator != "rank" && s.chance(20) {
			o.Unit = "万元"
		}
		p.Observations = append(p.Observations, o)
		if s.chance(3) {
			s.repeat(p)
		}
	}
	if s.chance(15) {
		p.Observations = append(p.Observations, s.badRow())
	}
	if s.chance(4) {
		p.Observations = []row{s.badRow()}
	}
	p.Observations[0].Note = s.area + "-" + strconv.Itoa(s.serial)
	p.body, _ = json.Marshal(p)
	public := event.Submission{Area: p.Area, Dataset: p.Dataset, Key: p.Key}
	for _, o := range p.Observations {
		public.Observations = append(public.Observations, event.Observation{
			Indicator: o.Indicator, Period: o.Period, Value: event.Text(o.Value), Unit: o.Unit, Stage: o.Stage, Status: o.Status, Note: o.Note, Action: o.Action,
		})
	}
	p.id = public.ID()
	return p
}

// repeat reports the last row's cell once more, with the same figure or with
// another.
func (s *sender) repeat(p *parcel) {
	again := p.Observations[len(p.Observations)-1]
	again.refusal = "CELL_REPEATED"
	if s.chance(50) {
		again.Value, again.Status, again.refusal = "987654321", "", "CELL_CONTRADICTED"
		p.Observations[len(p.Observations)-1].refusal = "CELL_CONTRADICTED"
	}
	p.Observations = append(p.Observations, again)
}

func (s *sender) value() string {
	if s.chance(5) {
		return "0"
	}
	return strconv.Itoa(s.n(1_000_000)) + "." + strconv.Itoa(s.n(10_000)+1)
}

func (s *sender) badRow() row {
	bad := []row{
		{Indicator: "outptu", Period: "2020", Value: "1", Stage: "final", refusal: "INDICATOR_UNKNOWN"},
		{Indicator: "intensity", Period: "2020", Value: "1", Stage: "final", refusal: "INDICATOR_COMPUTED"},
		{Indicator: "output", Period: "2020-Q1", Value: "1", Stage: "final", refusal: "PERIOD_NOT_IN_DATASET"},
		{Indicator: "output", Period: "1990", Value: "many", Stage: "final", refusal: "VALUE_NOT_A_NUMBER"},
		{Indicator: "rank", Period: "2020", Value: "1", Stage: "final", refusal: "INDICATOR_CITY_ONLY"},
	}
	if s.area == "100" {
		return bad[s.n(2)]
	}
	return bad[s.n(len(bad))]
}

// acknowledge notes a receipt.
func (s *sender) acknowledge(p *parcel, sequence uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all[string(p.body)] = p
	p.receipts = append(p.receipts, sequence)
}

// campaignPatience is how long anything may take while faults go on.
const campaignPatience = 2 * time.Minute
