package engine

import (
	"context"
	"fmt"
	"io"
	"os"
)

// pipeBytes is the size of a pipeSource's chunks: the capacity of a pipe on Linux.
const pipeBytes = 64 << 10

// pipeSource is an answer that the engine writes into a pipe by INTO OUTFILE, which is the only way to get a format's header
// and footer once in an answer that does not fit in memory. The statement runs in a goroutine; close waits for it.
type pipeSource struct {
	session *Session
	cancel  context.CancelFunc // kills the statement
	reader  *os.File
	buffer  []byte
	begun   bool
	done    chan struct{} // closed when the statement has ended; result and err are set then
	result  *Result
	err     error
}

func (s *Session) openPipe(ctx context.Context, query, format string) (chunkSource, error) {
	reader, writer, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("open pipe for the answer: %w", err)
	}
	running, cancel := context.WithCancel(ctx)
	p := &pipeSource{session: s, cancel: cancel, reader: reader, buffer: make([]byte, pipeBytes), done: make(chan struct{})}
	// The line break ends a comment at the query's end. Opening /dev/fd/N gives the engine a file descriptor of its own, so
	// the pipe ends when both the engine and this goroutine have closed theirs.
	query = fmt.Sprintf("%s\nINTO OUTFILE '/dev/fd/%d' TRUNCATE FORMAT %s", query, writer.Fd(), format)
	go func() {
		defer close(p.done)
		defer writer.Close()
		p.result, p.err = s.run(running, query, format)
	}()
	return p, nil
}

func (p *pipeSource) next() ([]byte, error) {
	if !p.begun {
		return p.first()
	}
	n, err := p.reader.Read(p.buffer)
	if err != nil {
		return p.end(err)
	}
	return p.buffer[:n], nil
}

// first waits for a full buffer or the statement's end. When the statement fails before the buffer is full, the error
// replaces what is in it: many formats write a header and a footer even then.
func (p *pipeSource) first() ([]byte, error) {
	p.begun = true
	n, err := io.ReadFull(p.reader, p.buffer)
	if err == nil {
		return p.buffer, nil
	}
	if err == io.ErrUnexpectedEOF {
		err = io.EOF
	}
	if _, err := p.end(err); err != io.EOF || n == 0 {
		return nil, err
	}
	return p.buffer[:n], nil
}

// end returns how the statement ended, once the pipe has returned err.
func (p *pipeSource) end(err error) ([]byte, error) {
	if err != io.EOF {
		return nil, fmt.Errorf("read answer from pipe: %w", err)
	}
	<-p.done
	if p.err != nil {
		return nil, p.err
	}
	return nil, io.EOF
}

func (p *pipeSource) stats() (rows, readRows, readBytes uint64) {
	select {
	case <-p.done:
		if p.result != nil {
			return p.result.Rows, p.result.ReadRows, p.result.ReadBytes
		}
	default:
	}
	return 0, 0, 0
}

func (p *pipeSource) close(error) {
	p.closePipe()
	p.session.release()
}

// closePipe stops the statement and waits for its end. It reads what the statement still writes, because the engine must
// never write into a closed pipe.
func (p *pipeSource) closePipe() {
	p.cancel()
	_, _ = io.Copy(io.Discard, p.reader) // an error here would only be about bytes that are discarded
	<-p.done
	p.reader.Close()
}
