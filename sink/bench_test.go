package sink

import (
	"fmt"
	"testing"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/stream"
)

// benchmarkMessages returns accepted messages of n rows in all, 60 figures a
// submission and 100 submissions a message.
func benchmarkMessages(b *testing.B, n int) []stream.Message {
	b.Helper()
	const figures, perMessage = 60, 100
	var messages []stream.Message
	var batch []stream.AcceptedSubmission
	year := catalogue.Period{Year: 2021, Kind: catalogue.Year}
	for sequence := 1; sequence <= n/figures; sequence++ {
		rows := make([]stream.AcceptedObservation, figures)
		for i := range rows {
			rows[i] = stream.AcceptedObservation{
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

// BenchmarkInsertObservations is the sink's way in full: from the broker through
// workers into ClickHouse, acknowledged.
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

// BenchmarkDirectInsert is the same rows from memory, for comparison: what
// clickhouse-go and the engine take.
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
