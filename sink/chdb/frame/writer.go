package frame

import (
	"fmt"
	"io"
	"strings"

	"github.com/ClickHouse/ch-go/compress"
)

// MethodNamed returns the method that ClickHouse's setting network_compression_method names; LZ4 when the name is empty
// or unknown.
func MethodNamed(name string) compress.Method {
	switch strings.ToUpper(name) {
	case "ZSTD":
		return compress.ZSTD
	case "LZ4HC":
		return compress.LZ4HC
	case "NONE":
		return compress.None
	default:
		return compress.LZ4
	}
}

// plainFrameBytes is how many plain bytes go into one frame: ClickHouse's max_compress_block_size.
const plainFrameBytes = 1 << 20

// Writer compresses what is written to it into frames.
type Writer struct {
	out     io.Writer
	method  compress.Method
	encoder *compress.Writer
	pending []byte
}

// NewWriter returns a Writer to out that compresses with that method.
func NewWriter(out io.Writer, method compress.Method) *Writer {
	w := &Writer{out: out}
	w.SetMethod(method)
	return w
}

// SetMethod makes later frames of that method.
func (w *Writer) SetMethod(method compress.Method) {
	if w.encoder == nil || w.method != method {
		w.method, w.encoder = method, compress.NewWriter(compress.LevelZero, method)
	}
}

// Write implements io.Writer.
func (w *Writer) Write(p []byte) (int, error) {
	n := len(p)
	for len(p) > 0 {
		step := min(len(p), plainFrameBytes-len(w.pending))
		w.pending = append(w.pending, p[:step]...)
		p = p[step:]
		if len(w.pending) == plainFrameBytes {
			if err := w.Flush(); err != nil {
				return 0, err
			}
		}
	}
	return n, nil
}

// Flush writes what is pending as a frame. A block ends with it.
func (w *Writer) Flush() error {
	if len(w.pending) == 0 {
		return nil
	}
	err := w.encoder.Compress(w.pending)
	w.pending = w.pending[:0]
	if err != nil {
		return fmt.Errorf("compress block: %w", err)
	}
	_, err = w.out.Write(w.encoder.Data)
	return err
}
