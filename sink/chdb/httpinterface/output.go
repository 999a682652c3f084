package httpinterface

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"crypto/rand"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
)

// minBufferBytes is how much of an answer is held back before the headers go out, so that an early error can still be a
// status: ClickHouse's default buffer, 1 MiB.
const minBufferBytes = 1 << 20

// output is the way from an answer's text to the client: held back at first, then framed (compress=1), then encoded
// (Content-Encoding).
type output struct {
	w             http.ResponseWriter
	encoding      string // chosen Content-Encoding, or ""
	compressed    bool
	settings      params
	exceptionTag  string        // what marks an exception inside the body
	beforeHeaders func()        // called right before the headers go out, to set what is known only then
	bufferBytes   int           // bytes held in memory
	waitForEnd    bool          // hold everything back (wait_end_of_query), beyond limit in a file
	buffered      bytes.Buffer  // while not committed
	spillFile     *os.File      // what does not fit there
	chain         io.Writer     // nil until committed
	layers        []outputLayer // of chain, outermost first
}

// outputLayer is one encoder of the chain.
type outputLayer interface {
	io.WriteCloser
	Flush() error
}

// Write holds p back, or passes it on once the answer has begun.
func (o *output) Write(p []byte) (int, error) {
	if o.chain != nil {
		return o.chain.Write(p)
	}
	if o.buffered.Len()+len(p) <= o.bufferBytes && o.spillFile == nil {
		return o.buffered.Write(p)
	}
	if o.waitForEnd {
		return o.writeSpill(p)
	}
	if err := o.commit(http.StatusOK); err != nil {
		return 0, err
	}
	return o.chain.Write(p)
}

func (o *output) writeSpill(p []byte) (int, error) {
	if o.spillFile == nil {
		file, err := os.CreateTemp("", "citytally-answer-*")
		if err != nil {
			return 0, fmt.Errorf("hold back answer: %w", err)
		}
		o.spillFile = file
	}
	return o.spillFile.Write(p)
}

// commit sends the headers, then what was held back.
func (o *output) commit(status int) error {
	o.beforeHeaders()
	if err := o.open(status); err != nil {
		return err
	}
	if _, err := o.chain.Write(o.buffered.Bytes()); err != nil {
		return err
	}
	o.buffered = bytes.Buffer{}
	if o.spillFile == nil {
		return nil
	}
	if _, err := o.spillFile.Seek(0, io.SeekStart); err != nil {
		return fmt.Errorf("read held back answer: %w", err)
	}
	_, err := io.Copy(o.chain, o.spillFile)
	return err
}

// open writes the status line and builds the chain of encoders.
func (o *output) open(status int) error {
	if o.encoding != "" {
		o.w.Header().Set("Content-Encoding", o.encoding)
		o.w.Header().Add("Vary", "Accept-Encoding")
	}
	o.w.WriteHeader(status)
	o.chain = o.w
	encoder, err := newEncoder(o.encoding, o.w)
	if err != nil {
		return err
	}
	if encoder != nil {
		o.layers, o.chain = append(o.layers, encoder), encoder
	}
	if o.compressed {
		frames := newFrameLayer(o.chain, o.settings)
		o.layers, o.chain = append([]outputLayer{frames}, o.layers...), frames
	}
	return nil
}

// finish ends an answer that went well. One without any byte has neither encoding nor frames.
func (o *output) finish() error {
	if o.chain == nil {
		if o.buffered.Len() == 0 && o.spillFile == nil {
			o.beforeHeaders()
			o.w.WriteHeader(http.StatusOK)
			return nil
		}
		if err := o.commit(http.StatusOK); err != nil {
			return err
		}
	}
	return o.closeLayers()
}

// fail answers with an exception. If nothing was sent yet it becomes the whole answer, under status; otherwise it follows
// the data between ClickHouse's marks, and the body must then be broken off: fail returns true.
func (o *output) fail(status int, text string) (broken bool, err error) {
	if o.chain == nil {
		o.buffered = bytes.Buffer{}
		header := o.w.Header()
		header.Set("Content-Type", textType)
		o.beforeHeaders()
		if err := o.open(status); err != nil {
			return false, err
		}
		if _, err := io.WriteString(o.chain, text); err != nil {
			return false, err
		}
		return false, o.closeLayers()
	}
	for _, layer := range o.layers { // what is pending goes first, so that the exception has a frame of its own
		if err := layer.Flush(); err != nil {
			return true, err
		}
	}
	mark := "\r\n__exception__\r\n"
	if _, err := fmt.Fprintf(o.chain, "%s%s\r\n%s%d %s%s", mark, o.exceptionTag, text, len(text), o.exceptionTag, mark); err != nil {
		return true, err
	}
	if err := o.closeLayers(); err != nil {
		return true, err
	}
	return true, http.NewResponseController(o.w).Flush()
}

func (o *output) closeLayers() error {
	for _, layer := range o.layers {
		if err := layer.Close(); err != nil {
			return err
		}
	}
	return nil
}

// removeSpillFile removes the file of a held back answer.
func (o *output) removeSpillFile() error {
	if o.spillFile == nil {
		return nil
	}
	name := o.spillFile.Name()
	_ = o.spillFile.Close() // only read since; its content is of no more use
	return os.Remove(name)
}

// newEncoder makes the encoder for a Content-Encoding, nil for none.
func newEncoder(encoding string, w io.Writer) (outputLayer, error) {
	switch encoding {
	case "gzip":
		return gzip.NewWriterLevel(w, gzip.BestSpeed)
	case "deflate":
		return zlib.NewWriterLevel(w, zlib.BestSpeed)
	case "br":
		return brotli.NewWriterLevel(w, brotli.BestSpeed), nil
	case "zstd":
		return zstd.NewWriter(w, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1), zstd.WithLowerEncoderMem(true))
	case "lz4":
		return lz4.NewWriter(w), nil
	default:
		return nil, nil
	}
}

// chooseEncoding picks the first of ClickHouse's order that the client accepts.
func chooseEncoding(accept string) string {
	accepted := make(map[string]bool)
	for piece := range strings.SplitSeq(strings.ToLower(accept), ",") {
		name, quality, _ := strings.Cut(piece, ";")
		if weight := strings.ReplaceAll(quality, " ", ""); weight != "q=0" && weight != "q=0.0" {
			accepted[strings.TrimSpace(name)] = true
		}
	}
	for _, name := range []string{"br", "lz4", "zstd", "gzip", "deflate"} {
		if accepted[name] {
			return name
		}
	}
	return ""
}

// newExceptionTag makes the 16 lower-case letters no answer can contain by chance.
func newExceptionTag() string { return strings.ToLower(rand.Text()[:16]) }

// setHeader sets a header in ClickHouse's spelling, which scripts search curl's output for; Header.Set would change its case.
func setHeader(header http.Header, name, value string) { header[name] = []string{value} }
