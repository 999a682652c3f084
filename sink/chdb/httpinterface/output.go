package httpinterface

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"crypto/rand"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"

	"github.com/citytally/citytally/sink/chdb/frame"
)

// minBufferBytes is the least of an answer that is buffered before the headers are sent, so that an early error can still
// set the status: ClickHouse's default, 1 MiB.
const minBufferBytes = 1 << 20

// output writes an answer to the client. It buffers the beginning, then sends the headers; from then on everything is
// compressed in frames (compress=1) and encoded (Content-Encoding), as far as the client has asked for it.
type output struct {
	w             http.ResponseWriter
	encoding      string // chosen Content-Encoding, or ""
	compressed    bool
	settings      params
	exceptionTag  string        // marks an exception inside the body
	beforeHeaders func()        // called right before the headers are sent, to set those that depend on the answer
	bufferBytes   int           // how much is buffered in memory
	waitForEnd    bool          // buffer the whole answer (wait_end_of_query), beyond bufferBytes in a file
	buffered      bytes.Buffer  // empty once the headers are sent
	spill         *spill        // room for that file
	spillFile     *spillFile    // what does not fit in buffered; nil when all does
	chain         io.Writer     // what Write passes data to; nil until the headers are sent
	layers        []outputLayer // the encoders of chain, in the order the data passes them
}

// outputLayer is one of the encoders an answer passes through.
type outputLayer interface {
	io.WriteCloser
	Flush() error
}

// Write buffers p, or sends it once the headers are sent.
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
		file, err := o.spill.create()
		if err != nil {
			return 0, err
		}
		o.spillFile = file
	}
	return o.spillFile.Write(p)
}

// commit sends the headers, then what is buffered.
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
	return o.spillFile.copyTo(o.chain)
}

// open sends the headers and builds the chain of encoders.
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

// finish ends an answer without an error. An empty answer has neither Content-Encoding nor frames.
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

// fail answers with an exception. Before the headers are sent, text becomes the whole answer, with that status. Afterwards
// it follows the data, between ClickHouse's marks, and the caller has to break the body off: broken is true.
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
	for _, layer := range o.layers { // pending data goes first, so that the exception has a frame of its own
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

// removeSpillFile removes the file of an answer that did not fit in memory.
func (o *output) removeSpillFile() {
	if o.spillFile != nil {
		o.spillFile.close()
	}
}

// newEncoder returns the encoder for a Content-Encoding, or nil for the empty one.
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

// chooseEncoding returns the first encoding, in ClickHouse's order of preference, that the client accepts.
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

// newExceptionTag returns 16 random letters and digits, which no answer contains by chance.
func newExceptionTag() string { return strings.ToLower(rand.Text()[:16]) }

// setHeader sets a header in ClickHouse's spelling, which scripts look for in curl's output. Header.Set would change the
// case of its letters.
func setHeader(header http.Header, name, value string) { header[name] = []string{value} }

// newFrameLayer returns a writer to out of ClickHouse's frames (compress=1), compressed by the method in the setting
// network_compression_method, by default LZ4.
func newFrameLayer(out io.Writer, settings params) outputLayer {
	return frameLayer{frame.NewWriter(out, frame.MethodNamed(settings.get("network_compression_method")))}
}

// frameLayer writes frames. Close writes the last one and leaves the writer below open.
type frameLayer struct{ *frame.Writer }

func (f frameLayer) Close() error { return f.Flush() }
