package wire

import (
	"errors"
	"io"
	"strings"

	"github.com/ClickHouse/ch-go/compress"

	"github.com/ClickHouse/ch-go/proto"
)

// newFrameLayer frames what is written (compress=1) by the method the setting network_compression_method asks for;
// LZ4 is the default.
func newFrameLayer(out io.Writer, settings params) outputLayer {
	method := compress.LZ4
	switch strings.ToUpper(settings.get("network_compression_method")) {
	case "ZSTD":
		method = compress.ZSTD
	case "LZ4HC":
		method = compress.LZ4HC
	case "NONE":
		method = compress.None
	}
	frames := &packer{out: out}
	frames.use(method)
	return frameLayer{frames}
}

// frameLayer ends with the last frame, and leaves the writer below open.
type frameLayer struct{ *packer }

func (f frameLayer) Close() error { return f.Flush() }

// frameBody reads what the frames of a request's body hold (decompress=1).
type frameBody struct{ frames unpacker }

func newFrameBody(body io.Reader) *frameBody {
	return &frameBody{frames: unpacker{raw: newTape(body)}}
}

// Read returns io.EOF only between two frames. Any other end is an exception.
func (f *frameBody) Read(p []byte) (int, error) {
	if len(f.frames.rest) == 0 {
		if err := f.frames.raw.need(1); err != nil {
			return 0, err
		}
	}
	n, err := f.frames.Read(p)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = exceptionf(proto.ErrCannotReadAllData, "Cannot read all of the request body: it ends inside a compressed frame")
	}
	return n, err
}
