package app

import (
	"context"
	"fmt"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/citytally/citytally/ingest/stream"
)

// openTracing sends spans to the collector at the endpoint. The returned function
// sends the last spans and disconnects.
func openTracing(ctx context.Context, endpoint string) (*stream.Tracer, func() error, error) {
	exporter, err := otlptracehttp.New(ctx, otlptracehttp.WithEndpointURL(endpoint))
	if err != nil {
		return nil, nil, fmt.Errorf("open tracing (tracing.endpoint): %w", err)
	}
	provider := sdktrace.NewTracerProvider(
		sdktrace.WithBatcher(exporter),
		sdktrace.WithResource(resource.NewSchemaless(attribute.String("service.name", "citytally"), attribute.String("service.version", Version()))),
	)
	closing := func() error {
		ctx, cancel := context.WithTimeout(context.Background(), tracingGrace)
		defer cancel()
		if err := provider.Shutdown(ctx); err != nil {
			return fmt.Errorf("send the last spans: %w", err)
		}
		return nil
	}
	return stream.NewTracer(provider), closing, nil
}

// tracingGrace is how long the last spans may take to be sent.
const tracingGrace = 3 * time.Second
