package stream

import (
	"context"

	"github.com/nats-io/nats.go"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// TraceHeader carries the W3C trace context of what published a message, so that
// a trace goes on in the stage that reads it.
const TraceHeader = "traceparent"

// Tracer records spans of what happens to a message from stage to stage. A nil
// Tracer records nothing and costs nothing.
type Tracer struct{ tracer trace.Tracer }

// NewTracer returns a tracer whose spans go to the provider.
func NewTracer(p trace.TracerProvider) *Tracer {
	return &Tracer{tracer: p.Tracer("github.com/citytally/citytally")}
}

// Start begins a span below the one in ctx, if there is one. The function ends
// it.
func (t *Tracer) Start(ctx context.Context, name string, attributes ...attribute.KeyValue) (context.Context, func(error)) {
	if t == nil {
		return ctx, func(error) {}
	}
	ctx, span := t.tracer.Start(ctx, name, trace.WithAttributes(attributes...))
	return ctx, func(err error) { end(span, err) }
}

func end(span trace.Span, err error) {
	if err != nil {
		span.RecordError(err)
		span.SetStatus(codes.Error, err.Error())
	}
	span.End()
}

// Spans are the spans of one piece of work on a batch: one for each trace that a
// message of the batch belongs to. A nil *Spans has none.
type Spans struct {
	of    map[uint64]trace.Span // by the message's sequence
	first trace.Span
}

// The most traces of one batch that are followed.
const maxSpans = 128

// StartBatch begins the spans of work on a batch. A message without a
// [TraceHeader] belongs to no trace.
func (t *Tracer) StartBatch(ctx context.Context, name string, batch []Delivery) *Spans {
	if t == nil {
		return nil
	}
	var s *Spans
	byTrace := map[trace.TraceID]trace.Span{}
	for i := range batch {
		d := &batch[i]
		parent := parentOf(d.Header(TraceHeader))
		if !parent.IsValid() {
			continue
		}
		span, ok := byTrace[parent.TraceID()]
		if !ok {
			if len(byTrace) == maxSpans {
				break
			}
			_, span = t.tracer.Start(trace.ContextWithRemoteSpanContext(ctx, parent), name, trace.WithAttributes(
				attribute.String("messaging.system", "nats"), attribute.String("messaging.destination.name", d.Subject),
				attribute.Int("messaging.batch.message_count", len(batch)),
			))
			byTrace[parent.TraceID()] = span
		}
		if s == nil {
			s = &Spans{of: map[uint64]trace.Span{}, first: span}
		}
		s.of[d.Sequence] = span
	}
	return s
}

// Context returns ctx with the first of the spans in it: what is published with
// it goes on in that trace.
func (s *Spans) Context(ctx context.Context) context.Context {
	if s == nil {
		return ctx
	}
	return trace.ContextWithSpan(ctx, s.first)
}

// Carry puts the trace of the message at the sequence into the headers of one
// that follows from it, and returns them; they may be nil.
func (s *Spans) Carry(sequence uint64, header map[string]string) map[string]string {
	if s == nil {
		return header
	}
	span, ok := s.of[sequence]
	if !ok {
		return header
	}
	return carry(span.SpanContext(), header)
}

// End ends the spans.
func (s *Spans) End(err error) {
	if s == nil {
		return
	}
	ended := map[trace.Span]bool{}
	for _, span := range s.of {
		if !ended[span] {
			ended[span] = true
			end(span, err)
		}
	}
}

func parentOf(traceparent string) trace.SpanContext {
	if traceparent == "" {
		return trace.SpanContext{}
	}
	ctx := propagation.TraceContext{}.Extract(context.Background(), propagation.MapCarrier{TraceHeader: traceparent})
	return trace.SpanContextFromContext(ctx)
}

// Traced puts the trace of the span in ctx into a message's headers, unless they
// name one, and returns them; they may be nil.
func Traced(ctx context.Context, header map[string]string) map[string]string {
	span := trace.SpanContextFromContext(ctx)
	if !span.IsValid() || header[TraceHeader] != "" {
		return header
	}
	return carry(span, header)
}

func carry(span trace.SpanContext, header map[string]string) map[string]string {
	carrier := propagation.MapCarrier{}
	propagation.TraceContext{}.Inject(trace.ContextWithSpanContext(context.Background(), span), carrier)
	if header == nil {
		header = map[string]string{}
	}
	header[TraceHeader] = carrier[TraceHeader]
	return header
}

// traceMessage marks a message on its way to the broker with the trace in ctx.
func traceMessage(span trace.SpanContext, msg *nats.Msg) {
	if span.IsValid() && len(msg.Header[TraceHeader]) == 0 {
		msg.Header[TraceHeader] = []string{carry(span, nil)[TraceHeader]}
	}
}
