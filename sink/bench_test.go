package sink

import (
	"fmt"
	"testing"
	"time"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
)

// benchmarkMessages returns messages of ACCEPTED with n rows in all: 60 figures a
// submission, 100 submissions a message.
func benchmarkMessages(b *testing.B, n int) []stream.Message {
	b.Helper()
	const figures, perMessage = 60, 100
	var messages []stream.Message
	var batch []event.AcceptedSubmission
	year := catalogue.Period{Year: 2021, Kind: catalogue.Year}
	for sequence := 1; sequence <= n/figures; sequence++ {
		rows := make([]event.AcceptedObservation, figures)
		for i := range rows {
			rows[i] = event.AcceptedObservation{
				Indicator: fmt.Sprintf("indicator_%02d", i), Unit: "亿元", Period: year, Row: i + 2,
				Value: catalogue.Value{Coefficient: int64(sequence*1000 + i), Scale: 2}, Stage: catalogue.Flash, Status: catalogue.Normal,
			}
		}
		batch = append(batch, submission(fmt.Sprintf("3208%02d", sequence%20), uint64(sequence), rows...))
		if len(batch) == perMessage || sequence == n/figures {
			messages = append(messages, acceptedMessage(b, batch...))
			batch = nil
		}
	}
	return messages
}

const benchmarkRows = 300_000

// BenchmarkInsertObservations measures the whole sink: messages come from the broker, the
// workers insert their rows into ClickHouse and acknowledge them.
func BenchmarkInsertObservations(b *testing.B) {
	messages := benchmarkMessages(b, benchmarkRows)
	for b.Loop() {
		b.StopTimer()
		s, log := newStore(b), newLog(b)
		last := publish(b, log, messages...)
		b.StartTimer()
		stop := runWorkers(b, log, s, testConfig())
		settle(b, log, s, last, 0)
		b.StopTimer()
		stop()
		b.StartTimer()
	}
	b.ReportMetric(float64(b.N)*benchmarkRows/b.Elapsed().Seconds(), "rows/s")
}

// BenchmarkDirectInsert measures inserting the same rows from memory, for comparison: the
// time that clickhouse-go and the engine take.
func BenchmarkDirectInsert(b *testing.B) {
	s := newStore(b)
	block := &observationBlock{}
	for i, m := range benchmarkMessages(b, benchmarkRows) {
		if err := block.add(&stream.Delivery{Subject: m.Subject, Body: m.Body, Sequence: uint64(i + 1)}); err != nil {
			b.Fatal(err)
		}
	}
	for b.Loop() {
		if err := block.store(b.Context(), s); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)*benchmarkRows/b.Elapsed().Seconds(), "rows/s")
}

// BenchmarkLatestTotals measures reading the latest of 6,000 totals with ten inputs each,
// where every input has made a version of its total.
func BenchmarkLatestTotals(b *testing.B) {
	const indicators, years, areas = 60, 100, 10
	s := newStore(b)
	var messages []stream.Message
	for version := range areas {
		for year := range years {
			batch := event.TotalsBatch{Basis: uint64(version + 1), Trigger: event.ByStream, Period: fmt.Sprintf("%04d", 1950+year)}
			for i := range indicators {
				indicator := fmt.Sprintf("indicator_%02d", i)
				inputs := make([]event.Input, areas)
				for area := range inputs {
					inputs[area] = event.Input{
						Area: fmt.Sprintf("3208%02d", area), Indicator: indicator, Value: catalogue.Value{Coefficient: int64(area*year + i), Scale: 2},
						Stage: catalogue.Final, Sequence: uint64(version + 1),
					}
				}
				batch.Totals = append(batch.Totals, event.Total{
					Indicator: indicator, Value: fmt.Sprint(version), Unit: "亿元", Stage: "final", Status: "A", Expected: areas, Inputs: event.NewInputs(inputs...),
				})
			}
			messages = append(messages, totalsMessage(b, batch))
		}
	}
	put(b, s, &totalsBlock{}, 1, messages...)
	for b.Loop() {
		if got, want := query(b, s, "SELECT sum(length(inputs)) AS n FROM totals_latest"), fmt.Sprintf("n\n%d\n", indicators*years*areas); got != want {
			b.Fatalf("inputs: %s, want %s", got, want)
		}
	}
}

// BenchmarkCompare measures comparing a million observations with the log: everything, as
// after a start, and again when nothing has changed.
func BenchmarkCompare(b *testing.B) {
	s, log := newStore(b), newLog(b)
	last := publish(b, log, benchmarkMessages(b, 1_000_000)...)
	stop := runWorkers(b, log, s, testConfig())
	if err := (&Projection{Store: s, Log: log}).waitForConsumer(b.Context(), stream.Accepted, AcceptedConsumer, last); err != nil {
		b.Fatal(err)
	}
	stop()
	compare := func(b *testing.B, p *Projection) {
		if found, err := p.Compare(b.Context()); err != nil || len(found) > 0 {
			b.Fatal(found, err)
		}
	}
	b.Run("everything", func(b *testing.B) {
		for b.Loop() {
			compare(b, &Projection{Store: s, Log: log})
		}
	})
	b.Run("unchanged", func(b *testing.B) {
		p := &Projection{Store: s, Log: log}
		compare(b, p)
		for b.Loop() {
			compare(b, p)
		}
	})
}

// BenchmarkTotalParts measures reading what totals of a million figures are made of, where one
// figure in three confirms the one before.
func BenchmarkTotalParts(b *testing.B) {
	const vintages, perCell, figures = 3, 180, 1_000_000
	s := newStore(b)
	c, err := catalogue.Load("../configs/catalogue.yaml")
	if err != nil {
		b.Fatal(err)
	}
	if err := s.SyncCatalogue(b.Context(), c, time.Now()); err != nil {
		b.Fatal(err)
	}
	var ids []string
	for i := range c.Indicators {
		ids = append(ids, c.Indicators[i].ID)
	}
	years := figures / vintages / perCell / len(ids)
	var totals []stream.Message
	for year := range years {
		batch := event.TotalsBatch{Basis: 1, Trigger: event.ByStream, Period: fmt.Sprint(2000 + year)}
		for _, id := range ids {
			inputs := make([]event.Input, perCell)
			for area := range inputs {
				inputs[area] = event.Input{Area: fmt.Sprint(320800 + area), Indicator: id, Value: catalogue.Value{Coefficient: 2}, Stage: catalogue.Final, Sequence: 2}
			}
			batch.Totals = append(batch.Totals, event.Total{Indicator: id, Value: "360", Unit: "亿元", Stage: "final", Status: "A", Expected: perCell, Inputs: event.NewInputs(inputs...)})
		}
		totals = append(totals, totalsMessage(b, batch))
	}
	put(b, s, &totalsBlock{}, 1, totals...)
	if err := s.conn.Exec(b.Context(), `
		INSERT INTO observations_data (indicator, period, area, sequence, accepted_sequence, year, period_start, period_end, value, unit, stage, status, submission, dataset, received_at)
		SELECT
			ids[n % length(ids) + 1], toString(2000 + intDiv(n, length(ids)) % ? AS y), toString(320800 + intDiv(n, length(ids) * ?)), s, s, 2000 + y, '2021-01-01', '2021-12-31',
			if(s = 1, 1, 2), '亿元', 'final', 'A', toString(s), 'd', now64(3)
		FROM (SELECT number AS n, arrayJoin([1, 2, 3]) AS s, ? AS ids FROM numbers(?))`, years, years, ids, years*perCell*len(ids)); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		n := years * perCell * len(ids)
		if got, want := query(b, s, "SELECT count() AS n, countIf(confirmed_by = '3') AS confirmed FROM total_parts"), fmt.Sprintf("n,confirmed\n%d,%d\n", n, n); got != want {
			b.Fatalf("parts: %s, want %s", got, want)
		}
	}
}

// BenchmarkLatestFigures measures reading the figures in force of a million vintages, three a cell:
// the figures alone, with who set and confirmed them, and one cell with all its columns.
func BenchmarkLatestFigures(b *testing.B) {
	const figures, vintages = 1_000_000, 3
	s := newStore(b)
	if err := s.conn.Exec(b.Context(), `
		INSERT INTO observations_data (indicator, period, area, sequence, accepted_sequence, year, period_start, period_end, value, unit, stage, status, submission, dataset, file, received_at)
		SELECT 'indicator_' || toString(n % 60), toString(2000 + intDiv(n, 60) % 20), toString(320800 + intDiv(n, 1200)), s, s, 2021, '2021-01-01', '2021-12-31', least(s, 2), '亿元', 'final', 'A', toString(s), 'd', 'table.csv', now64(3)
		FROM (SELECT number AS n, arrayJoin(range(1, ? + 1)) AS s FROM numbers(intDiv(?, ?)))`, vintages, figures, vintages); err != nil {
		b.Fatal(err)
	}
	for _, read := range []struct{ name, query, want string }{
		{"figures", "SELECT sum(value) AS sum, uniqExact(area) AS areas, anyLast(stage) AS stage FROM observations_latest", fmt.Sprintf("sum,areas,stage\n%d,278,final\n", 2*(figures/vintages))},
		{"who_set_them", "SELECT sum(value) AS sum, any(submission) AS setter, any(confirmed_by) AS confirmer FROM observations_latest", fmt.Sprintf("sum,setter,confirmer\n%d,2,3\n", 2*(figures/vintages))},
		{"one_cell", "SELECT value, submission, confirmed_by, file FROM observations_latest WHERE indicator = 'indicator_7' AND period = '2003' AND area = '320900'", "value,submission,confirmed_by,file\n2,2,3,table.csv\n"},
	} {
		b.Run(read.name, func(b *testing.B) {
			for b.Loop() {
				if got := query(b, s, read.query); got != read.want {
					b.Fatalf("%s: %s, want %s", read.query, got, read.want)
				}
			}
		})
	}
}
