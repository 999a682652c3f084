package stream

import (
	"context"

	"github.com/nats-io/nats.go"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// TraceHeader is the header with the W3C trace context of a message's publisher, so that
// the trace goes on in the stage that reads the message.
const TraceHeader = "traceparent"

// Tracer records spans of a message's way from stage to stage. A nil Tracer records
// nothing.
type Tracer struct{ tracer trace.Tracer }

// NewTracer returns a tracer whose spans go to the provider.
func NewTracer(p trace.TracerProvider) *Tracer {
	return &Tracer{tracer: p.Tracer("github.com/citytally/citytally")}
}

// Start begins a span, as a child of the span in ctx where there is one. The returned
// function ends it.
func (t *Tracer) Start(ctx context.Context, name string, attributes ...attribute.KeyValue) (context.Context, func(error)) {
	if t == nil {
		return ctx, func(error) {}
	}
	ctx, span := t.tracer.Start(ctx, name, trace.WithAttributes(attributes...))
	return ctx, func(err error) { endSpan(span, err) }
}

func endSpan(span trace.Span, err error) {
	if err != nil {
		span.RecordError(err)
		span.SetStatus(codes.Error, err.Error())
	}
	span.End()
}

// Spans are the spans of work on one batch: one for each trace that has messages in the
// batch. A nil *Spans has none.
type Spans struct {
	byMessage map[uint64]trace.Span // by sequence
	first     trace.Span
}

// maxSpans bounds the traces of one batch that get a span.
const maxSpans = 128

// StartBatch begins the spans of work on a batch. A message without a [TraceHeader] is
// in no trace.
func (t *Tracer) StartBatch(ctx context.Context, name string, batch []Delivery) *Spans {
	if t == nil {
		return nil
	}
	var s *Spans
	byTrace := map[trace.TraceID]trace.Span{}
	for i := range batch {
		d := &batch[i]
		parent := remoteParent(d.Header(TraceHeader))
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
			s = &Spans{byMessage: map[uint64]trace.Span{}, first: span}
		}
		s.byMessage[d.Sequence] = span
	}
	return s
}

// Context returns ctx with the first of the spans. Messages published with it belong to
// that trace.
func (s *Spans) Context(ctx context.Context) context.Context {
	if s == nil {
		return ctx
	}
	return trace.ContextWithSpan(ctx, s.first)
}

// Inject adds the trace of the message at the sequence to the headers of a message that
// follows from it, and returns the headers, which may be nil.
func (s *Spans) Inject(sequence uint64, header map[string]string) map[string]string {
	if s == nil {
		return header
	}
	span, ok := s.byMessage[sequence]
	if !ok {
		return header
	}
	return inject(span.SpanContext(), header)
}

// End ends the spans.
func (s *Spans) End(err error) {
	if s == nil {
		return
	}
	ended := map[trace.Span]bool{}
	for _, span := range s.byMessage {
		if !ended[span] {
			ended[span] = true
			endSpan(span, err)
		}
	}
}

func remoteParent(traceparent string) trace.SpanContext {
	if traceparent == "" {
		return trace.SpanContext{}
	}
	ctx := propagation.TraceContext{}.Extract(context.Background(), propagation.MapCarrier{TraceHeader: traceparent})
	return trace.SpanContextFromContext(ctx)
}

// InjectTrace adds the trace of the span in ctx to a message's headers, unless they name
// one, and returns the headers, which may be nil.
func InjectTrace(ctx context.Context, header map[string]string) map[string]string {
	span := trace.SpanContextFromContext(ctx)
	if !span.IsValid() || header[TraceHeader] != "" {
		return header
	}
	return inject(span, header)
}

func inject(span trace.SpanContext, header map[string]string) map[string]string {
	carrier := propagation.MapCarrier{}
	propagation.TraceContext{}.Inject(trace.ContextWithSpanContext(context.Background(), span), carrier)
	if header == nil {
		header = map[string]string{}
	}
	header[TraceHeader] = carrier[TraceHeader]
	return header
}

// injectMessage adds the span's trace to a message's headers, unless they name one.
func injectMessage(span trace.SpanContext, msg *nats.Msg) {
	if span.IsValid() && len(msg.Header[TraceHeader]) == 0 {
		msg.Header[TraceHeader] = []string{inject(span, nil)[TraceHeader]}
	}
}
