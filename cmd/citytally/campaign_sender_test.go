package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
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
)

// row is one observation as sent, and what has to become of it.
type row struct {
	Indicator string `json:"indicator"`
	Period    string `json:"period"`
	Value     string `json:"value"`
	Unit      string `json:"unit,omitempty"`
	Stage     string `json:"stage"`
	Note      string `json:"note,omitempty"`

	refusal string // the finding's code; "" is accepted
}

// parcel is a submission of the campaign. Its number makes its content unique.
type parcel struct {
	Area         string `json:"area"`
	Dataset      string `json:"dataset"`
	Observations []row  `json:"observations"`

	body []byte
	id   string
	// receipts are the places in SUBMISSIONS that were acknowledged for it.
	receipts []uint64
}

func (p *parcel) accepted() int {
	n := 0
	for i := range p.Observations {
		if p.Observations[i].refusal == "" {
			n++
		}
	}
	return n
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
	// stages are the highest stages accepted so far by cell; sent is what has
	// been judged, all what has been acknowledged.
	stages map[string]int
	sent   []*parcel

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
// the next one knows what stages its figures may have.
func (s *sender) burst(ctx context.Context) error {
	stages := map[string]int{}
	parcels := make([]*parcel, 1+s.n(6))
	for i := range parcels {
		parcels[i] = s.make(stages)
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
	if len(s.sent) > 0 && s.chance(30) {
		old := s.sent[s.n(len(s.sent))]
		if s.chance(50) {
			send(func() error { return s.post(ctx, old, false) })
		} else {
			send(func() error { return s.publish(ctx, old, "") })
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
	}
	for _, p := range parcels {
		for i := range p.Observations {
			if o := &p.Observations[i]; o.refusal == "" {
				s.stages[o.Indicator+" "+o.Period] = stages[o.Indicator+" "+o.Period]
			}
		}
	}
	s.sent = append(s.sent, parcels...)
	return nil
}

// make composes a submission. A cell has one stage throughout a burst, so that
// what is accepted does not hang on which submission is judged first.
func (s *sender) make(stages map[string]int) *parcel {
	s.serial++
	p := &parcel{Area: s.area, Dataset: "yearly"}
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
		if _, ok := stages[cell]; !ok && s.stages[cell] > 1 && s.chance(10) {
			o.Stage, o.refusal = campaignStages[s.stages[cell]-1], "STAGE_BACKWARDS"
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
	public := event.Submission{Area: p.Area, Dataset: p.Dataset}
	for _, o := range p.Observations {
		public.Observations = append(public.Observations, event.Observation{
			Indicator: o.Indicator, Period: o.Period, Value: event.Text(o.Value), Unit: o.Unit, Stage: o.Stage, Note: o.Note,
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
		again.Value, again.refusal = "987654321", "CELL_CONTRADICTED"
		p.Observations[len(p.Observations)-1].refusal = "CELL_CONTRADICTED"
	}
	p.Observations = append(p.Observations, again)
}

func (s *sender) value() string {
	switch s.n(20) {
	case 0:
		return ""
	case 1:
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

// again repeats an attempt, as clients do, until it succeeds or is refused.
func (s *sender) again(ctx context.Context, what string, attempt func(context.Context) error) error {
	deadline := time.Now().Add(campaignPatience)
	for {
		limited, cancel := context.WithTimeout(ctx, 15*time.Second)
		err := attempt(limited)
		cancel()
		if err == nil || strings.HasPrefix(err.Error(), "refused") {
			return err
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%s: not after %s: %w", what, campaignPatience, err)
		}
		s.mu.Lock()
		s.retries++
		s.mu.Unlock()
		select {
		case <-time.After(50 * time.Millisecond):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// receipt is what the gateway's answer promises.
type receipt struct {
	ID       string `json:"id"`
	Sequence uint64 `json:"sequence"`
	Verdict  *struct {
		Accepted int `json:"accepted"`
	} `json:"verdict"`
}

// post uploads over HTTP until there is a receipt.
func (s *sender) post(ctx context.Context, p *parcel, wait bool) error {
	return s.again(ctx, "post", func(ctx context.Context) error {
		header := map[string]string{"Content-Type": "application/json"}
		if wait {
			header["Prefer"] = "wait=2"
		}
		r, err := s.ask(ctx, http.MethodPost, "/v1/submissions", p.body, header)
		if err != nil {
			return err
		}
		if r.ID != p.id {
			return fmt.Errorf("refused: the receipt is for %s, not %s", r.ID, p.id)
		}
		s.acknowledge(p, r.Sequence)
		return nil
	})
}

// publish sends to the broker itself, with a message id or without.
func (s *sender) publish(ctx context.Context, p *parcel, id string) error {
	// A publish whose acknowledgement was lost is repeated; without an id of its
	// own that is another message with the same content.
	return s.again(ctx, "publish", func(ctx context.Context) error {
		m := nats.NewMsg("submissions." + p.Area + "." + p.Dataset)
		m.Data = p.body
		if id != "" {
			m.Header.Set(jetstream.MsgIDHeader, id)
			m.Header.Set(event.SubmissionHeader, id)
		}
		ack, err := s.nats.PublishMsg(ctx, m)
		if err == nil {
			s.acknowledge(p, ack.Sequence)
		}
		return err
	})
}

// judged waits for the verdict.
func (s *sender) judged(ctx context.Context, p *parcel) error {
	return s.again(ctx, "await the verdict on "+p.id, func(ctx context.Context) error {
		r, err := s.ask(ctx, http.MethodGet, "/v1/submissions/"+p.id, nil, nil)
		switch {
		case err != nil:
			return err
		case r.Verdict == nil:
			return fmt.Errorf("no verdict yet")
		case r.Verdict.Accepted != p.accepted():
			return fmt.Errorf("refused: %d rows of %s accepted, want %d", r.Verdict.Accepted, p.body, p.accepted())
		}
		return nil
	})
}

func (s *sender) ask(ctx context.Context, method, path string, body []byte, header map[string]string) (*receipt, error) {
	request, err := http.NewRequestWithContext(ctx, method, s.url+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Authorization", "Bearer "+s.token)
	for key, value := range header {
		request.Header.Set(key, value)
	}
	answer, err := s.http.Do(request)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		return nil, err
	}
	if answer.StatusCode/100 == 4 && answer.StatusCode != http.StatusNotFound && answer.StatusCode != http.StatusRequestTimeout && answer.StatusCode != http.StatusTooManyRequests {
		return nil, fmt.Errorf("refused: %s: %s", answer.Status, text)
	}
	if answer.StatusCode/100 != 2 {
		return nil, fmt.Errorf("%s: %s", answer.Status, text)
	}
	r := &receipt{}
	if err := json.Unmarshal(text, r); err != nil {
		return nil, fmt.Errorf("refused: the answer is no receipt: %w", err)
	}
	return r, nil
}
