package httpinterface

import (
	"bufio"
	"compress/bzip2"
	"compress/gzip"
	"compress/zlib"
	"errors"
	"io"
	"net/http"
	"strings"

	"github.com/ClickHouse/ch-go/proto"
	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"

	"github.com/citytally/citytally/sink/chdb/engine"
	"github.com/citytally/citytally/sink/chdb/exception"
	"github.com/citytally/citytally/sink/chdb/frame"
	"github.com/citytally/citytally/sink/chdb/limits"
)

// maxZstdWindow is the most memory, in bytes, that a body with Content-Encoding zstd may ask for: the default of the
// program zstd.
const maxZstdWindow = 128 << 20

// openBody returns a reader of a request's body that decodes its Content-Encoding and, when compressed is set
// (decompress=1), ClickHouse's frames inside. The caller calls free, which frees the decoders and leaves the body open.
func openBody(r *http.Request, framed bool, user engine.User) (body io.Reader, free func(), err error) {
	body, free = bodyErrors{r.Body}, func() {}
	switch encoding := strings.ToLower(strings.TrimSpace(r.Header.Get("Content-Encoding"))); encoding {
	case "", "identity":
	case "gzip", "x-gzip":
		body = &lazyDecoder{open: func() (io.Reader, error) { return gzip.NewReader(bodyErrors{r.Body}) }}
	case "deflate":
		body = &lazyDecoder{open: func() (io.Reader, error) { return zlib.NewReader(bodyErrors{r.Body}) }}
	case "br":
		body = brotli.NewReader(body)
	case "zstd":
		window := uint64(maxZstdWindow)
		if user.ReadOnly {
			window = limits.ReaderQueryBytes
		}
		decoder, err := zstd.NewReader(body, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
			zstd.WithDecoderMaxWindow(window))
		if err != nil {
			return nil, nil, exception.Newf(proto.ErrCannotDecompress, "Content-Encoding zstd: %v", err)
		}
		body, free = decoder, decoder.Close
	case "lz4":
		body = lz4.NewReader(body)
	case "bz2":
		body = bzip2.NewReader(body)
	default:
		return nil, nil, exception.Newf(proto.ErrBadArguments,
			"Content-Encoding: want gzip, deflate, br, zstd, lz4 or bz2, got '%s'", encoding)
	}
	if r.Header.Get("Content-Encoding") != "" {
		body = decodeErrors{body}
	}
	if framed {
		frames, freeDecoder := newFrameBody(body), free
		return frames, func() { frames.Close(); freeDecoder() }, nil
	}
	return body, free, nil
}

// bodyErrors turns an error of a body, such as an end before its announced length, into an exception. The error must
// neither be nor wrap io.ErrUnexpectedEOF, which readers take for a short last chunk: a truncated upload would be
// committed.
type bodyErrors struct{ io.Reader }

func (b bodyErrors) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = exception.Newf(proto.ErrCannotReadAllData, "Cannot read all of the request body: %v", err)
	}
	return n, err
}

// decodeErrors turns a decoder's error into an exception, for the reason given at bodyErrors.
type decodeErrors struct{ io.Reader }

func (d decodeErrors) Read(p []byte) (int, error) {
	n, err := d.Reader.Read(p)
	var known *exception.Error
	if err != nil && err != io.EOF && !errors.As(err, &known) {
		err = exception.Newf(proto.ErrCannotDecompress, "Cannot decode the request body: %v", err)
	}
	return n, err
}

// lazyDecoder opens a decoder at the first read. The decoders of gzip and zlib read a header when they are opened, which a
// request without a body lacks.
type lazyDecoder struct {
	open   func() (io.Reader, error)
	reader io.Reader
}

func (l *lazyDecoder) Read(p []byte) (int, error) {
	if l.reader == nil {
		reader, err := l.open()
		if err != nil {
			return 0, err
		}
		l.reader = reader
	}
	return l.reader.Read(p)
}

// frameBody reads the plain bytes of a request's body that consists of frames (decompress=1).
type frameBody struct{ *frame.Reader }

func newFrameBody(body io.Reader) frameBody {
	return frameBody{frame.NewReader(bufio.NewReaderSize(body, 64<<10))}
}

// Read returns io.EOF only between two frames; an end inside one is an exception.
func (f frameBody) Read(p []byte) (int, error) {
	n, err := f.Reader.Read(p)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = exception.Newf(proto.ErrCannotReadAllData, "Cannot read all of the request body: it ends inside a compressed frame")
	}
	return n, err
}
