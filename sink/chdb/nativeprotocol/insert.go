package nativeprotocol

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/ClickHouse/ch-go/proto"

	"github.com/citytally/citytally/sink/chdb/exception"
	"github.com/citytally/citytally/sink/chdb/statement"
)

// insert asks the client for the rows of an INSERT and streams them to the
// engine. Nothing is committed when the client leaves or cancels before its last
// block.
func (c *connection) insert(ctx context.Context, cancel context.CancelFunc, statement statement.Statement) error {
	columns, err := c.targets.find(ctx, c.server.engine, c.session, statement)
	if err != nil {
		return err
	}
	if err := c.sendInsertHeader(columns); err != nil {
		return err
	}
	c.discardingInsert = true
	body, pipe := io.Pipe()
	done := make(chan insertOutcome, 1)
	go func() {
		rows, err := c.session.Insert(ctx, statement.InsertHead, "Native", body)
		// A write to the pipe fails from now on, instead of waiting for ever.
		_ = body.CloseWithError(errEngineEndedInsert)
		done <- insertOutcome{rows, err}
	}()
	err = c.receive(pipe)
	if err != nil && !errors.Is(err, errEngineEndedInsert) {
		// The engine must read an error, not the end of the rows, which would commit them.
		_ = pipe.CloseWithError(&abortedInsert{err})
		cancel()
		<-done
		return err
	}
	_ = pipe.Close() // never fails
	// Older clients treat any packet here but EndOfStream as an error.
	var p *progress
	if proto.FeatureServerQueryTimeInProgress.In(c.revision) {
		p = newProgress(c)
	}
	outcome := awaitOutcome(done, p)
	if outcome.err != nil {
		return outcome.err
	}
	if err != nil {
		return errors.New("the engine ended the insert before its rows did")
	}
	if p == nil {
		return nil
	}
	p.setWritten(outcome.rows)
	return p.send()
}

// awaitOutcome waits until the engine has written the rows and sends progress
// meanwhile, unless p is nil.
func awaitOutcome(done <-chan insertOutcome, p *progress) insertOutcome {
	if p != nil {
		defer p.sendRegularly()()
	}
	return <-done
}

type insertOutcome struct {
	rows uint64
	err  error
}

// errEngineEndedInsert is what a write of rows returns once the engine takes no
// more; the engine's own error says why.
var errEngineEndedInsert = errors.New("the engine has ended the insert")

// abortedInsert is the error the engine reads when the rows break off. It does
// not unwrap to its cause, which may be io.EOF and would be taken for the end of
// the rows.
type abortedInsert struct{ cause error }

func (e *abortedInsert) Error() string {
	return fmt.Sprintf("the client's rows broke off: %v", e.cause)
}

// receive copies the client's blocks to the engine until an empty one.
func (c *connection) receive(pipe io.Writer) error {
	sink := &engineWriter{pipe: pipe}
	for {
		packet, err := c.in.Uvarint()
		if err != nil {
			return &clientGone{err}
		}
		switch packet {
		case uint64(proto.ClientCodeData):
		case uint64(proto.ClientCodeCancel):
			c.discardingInsert = false
			return exception.Newf(proto.ErrQueryWasCancelled, "Query was cancelled by the client; nothing was inserted")
		default:
			return &protocolError{exception.Newf(proto.ErrUnexpectedPacketFromClient,
				"Unexpected packet %d from client, expected Data", packet)}
		}
		columns, _, err := c.readBlock(sink)
		if err != nil {
			return err
		}
		if columns == 0 {
			c.discardingInsert = false
		}
		if columns == 0 || sink.err != nil {
			return sink.err
		}
	}
}

// engineWriter writes to the engine until that fails, and discards later writes:
// a block has to be read to its end, where the next packet begins.
type engineWriter struct {
	pipe io.Writer
	err  error
}

// Write implements io.Writer.
func (s *engineWriter) Write(p []byte) (int, error) {
	if s.err == nil {
		_, s.err = s.pipe.Write(p)
	}
	return len(p), nil
}

// sendInsertHeader tells the client which columns to send and, if the client's
// revision fills in defaults itself, the table's defaults.
func (c *connection) sendInsertHeader(columns insertTarget) error {
	var b proto.Buffer
	if proto.FeatureColumnDefaultsMetadata.In(c.revision) && columns.table != nil {
		proto.TableColumns{Second: columnsDescription(columns.table)}.EncodeAware(&b, c.revision)
		if err := c.send(b.Buf); err != nil {
			return err
		}
	}
	if err := c.sendHeader(columns.wanted); err != nil {
		return err
	}
	return c.flush()
}
