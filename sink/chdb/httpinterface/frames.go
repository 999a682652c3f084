package httpinterface

import (
	"bufio"
	"errors"
	"io"

	"github.com/ClickHouse/ch-go/proto"

	"github.com/citytally/citytally/sink/chdb/exception"
	"github.com/citytally/citytally/sink/chdb/frame"
)

// newFrameLayer frames what is written (compress=1) by the method the setting network_compression_method asks for;
// LZ4 is the default.
func newFrameLayer(out io.Writer, settings params) outputLayer {
	return frameLayer{frame.NewWriter(out, frame.MethodNamed(settings.get("network_compression_method")))}
}

// frameLayer ends with the last frame, and leaves the writer below open.
type frameLayer struct{ *frame.Writer }

func (f frameLayer) Close() error { return f.Flush() }

// frameBody reads what the frames of a request's body hold (decompress=1).
type frameBody struct{ *frame.Reader }

func newFrameBody(body io.Reader) frameBody {
	return frameBody{frame.NewReader(bufio.NewReaderSize(body, 64<<10))}
}

// Read returns io.EOF only between two frames. Any other end is an exception.
func (f frameBody) Read(p []byte) (int, error) {
	n, err := f.Reader.Read(p)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = exception.Newf(proto.ErrCannotReadAllData, "Cannot read all of the request body: it ends inside a compressed frame")
	}
	return n, err
}
