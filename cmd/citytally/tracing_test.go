package main

import (
	"context"
	"strings"
	"testing"

	"github.com/rs/zerolog"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/citytally/citytally/cmd/citytally/app"
	"github.com/citytally/citytally/cmd/citytally/demo"
	"github.com/citytally/citytally/configs"
	uploader "github.com/citytally/citytally/ingest/client"
	"github.com/citytally/citytally/ingest/stream"
)

// One upload is one trace, from the request to the inserts, though every stage
// hears of it from the broker only.
func TestATraceReachesFromUploadToInsert(t *testing.T) {
	t.Parallel()
	exporter := tracetest.NewInMemoryExporter()
	provider := sdktrace.NewTracerProvider(sdktrace.WithSyncer(exporter))
	settings := configs.Default()
	settings.Dir = t.TempDir()
	demo.Isolate(settings, true, false)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	p, err := app.Open(ctx, settings, app.Options{Stages: app.Stages(), Logger: zerolog.Nop(), Tracer: stream.NewTracer(provider)})
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- p.Run(ctx) }()
	defer func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	}()
	token, _ := p.Tokens.Plain("320812")
	client := &uploader.Client{BaseURL: p.Instance.HTTP, Token: token}
	if _, err := client.Submit(ctx, uploader.Upload{
		Content: strings.NewReader("indicator,period,value\ngdp,2021,600\n"), ContentType: "text/csv", Area: "320812", Dataset: "sti-annual",
	}); err != nil {
		t.Fatal(err)
	}
	// Observations, the verdict and the totals are inserted each for themselves.
	want := map[string]int{"receive": 1, "publish": 1, "validate": 1, "tally": 1, "insert": 3}
	seen := func() map[string]int {
		got := map[string]int{}
		for _, span := range exporter.GetSpans() {
			got[span.Name]++
		}
		return got
	}
	eventually(t, "every span is there", func() bool { return seen()["insert"] == 3 && seen()["tally"] == 1 && seen()["validate"] == 1 })
	spans := exporter.GetSpans()
	names := map[string]string{}
	for _, span := range spans {
		names[span.SpanContext.SpanID().String()] = span.Name
	}
	trace := spans[0].SpanContext.TraceID()
	for _, span := range spans {
		if span.SpanContext.TraceID() != trace {
			t.Errorf("span %s is in another trace", span.Name)
		}
		parent := names[span.Parent.SpanID().String()]
		allowed := map[string]string{"receive": "", "publish": "receive", "validate": "publish", "tally": "validate", "insert": "validate tally"}
		if (parent == "") != (span.Name == "receive") || !strings.Contains(allowed[span.Name], parent) {
			t.Errorf("span %s is below %q", span.Name, parent)
		}
	}
	for name, n := range want {
		if seen()[name] != n {
			t.Errorf("%d spans %s, want %d", seen()[name], name, n)
		}
	}
}
