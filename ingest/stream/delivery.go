package stream

import (
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Delivery is a message as delivered.
type Delivery struct {
	Subject string
	Body    []byte
	// Sequence is the message's place in the stream, StoredAt when the broker stored it.
	Sequence uint64
	StoredAt time.Time
	// Attempt counts deliveries from 1.
	Attempt uint64

	msg jetstream.Msg
}

// Header returns a header's value, or "".
func (d *Delivery) Header(key string) string { return d.msg.Headers().Get(key) }

// Headers returns all headers, nil where there are none.
func (d *Delivery) Headers() nats.Header { return d.msg.Headers() }

// ID returns the id that the message was published with, or "".
func (d *Delivery) ID() string { return d.Header(jetstream.MsgIDHeader) }

// Ack tells the broker that the message has had its effect. In a crash the broker may
// lose the acknowledgement; then it delivers the message again.
func (d *Delivery) Ack() error {
	if err := d.msg.Ack(); err != nil && !errors.Is(err, jetstream.ErrMsgAlreadyAckd) {
		return fmt.Errorf("acknowledge %s: %w", d.Subject, err)
	}
	return nil
}

// Nak returns the message to the broker, which delivers it again after the delay.
func (d *Delivery) Nak(delay time.Duration) error { return d.msg.NakWithDelay(delay) }

func newDelivery(m jetstream.Msg) (Delivery, error) {
	meta, err := m.Metadata()
	if err != nil {
		return Delivery{}, fmt.Errorf("read message metadata: %w", err)
	}
	return delivery(m, meta), nil
}

func delivery(m jetstream.Msg, meta *jetstream.MsgMetadata) Delivery {
	return Delivery{
		Subject: m.Subject(), Body: m.Data(), Sequence: meta.Sequence.Stream,
		StoredAt: meta.Timestamp.UTC(), Attempt: meta.NumDelivered, msg: m,
	}
}

// Undelivered returns a message as it would be delivered, had the broker stored it at a
// sequence and an instant. It cannot be acknowledged.
func Undelivered(m Message, sequence uint64, at time.Time) Delivery {
	header := nats.Header{}
	for key, value := range m.Header {
		header.Set(key, value)
	}
	if m.ID != "" {
		header.Set(jetstream.MsgIDHeader, m.ID)
	}
	return Delivery{Subject: m.Subject, Body: m.Body, Sequence: sequence, StoredAt: at.UTC(), Attempt: 1, msg: undelivered{header: header}}
}

// undelivered is a message with headers alone.
type undelivered struct {
	jetstream.Msg
	header nats.Header
}

func (u undelivered) Headers() nats.Header { return u.header }

// AckAll acknowledges a batch.
func AckAll(batch []Delivery) error {
	for i := range batch {
		if err := batch[i].Ack(); err != nil {
			return err
		}
	}
	return nil
}

func nakAll(batch []Delivery) {
	for i := range batch {
		_ = batch[i].Nak(0)
	}
}
