// Package sigv4 signs HTTP requests as AWS wants them (Signature Version 4), with
// the region and the credentials of the usual environment.
package sigv4

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/smithy-go/encoding/httpbinding"
)

// The services that callers of the bundle sign for.
const (
	RESTAPI     = "execute-api" // what is behind API Gateway
	FunctionURL = "lambda"      // what is behind a Function URL
)

// Signer signs requests to one service. Safe for concurrent use.
type Signer struct {
	service     string
	region      string
	credentials aws.CredentialsProvider
	signer      *v4.Signer
}

// Load returns a signer for the service with the region and the credentials that
// AWS's own tools would take: from the environment, the shared files, a role. It
// fails where there are none, so that nothing is sent unsigned.
func Load(ctx context.Context, service string) (*Signer, error) {
	settings, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return nil, fmt.Errorf("can't sign: %w", err)
	}
	if settings.Region == "" {
		return nil, errors.New("can't sign without a region: set AWS_REGION to the service's")
	}
	if _, err := settings.Credentials.Retrieve(ctx); err != nil {
		return nil, fmt.Errorf("can't sign without AWS credentials (AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY): %w", err)
	}
	// A REST API and a Function URL hold a signature against the path escaped once
	// more than it was sent, as every service but S3 does: hence no
	// DisableURIPathEscaping, which would sign it as sent.
	return &Signer{service: service, region: settings.Region, credentials: settings.Credentials, signer: v4.NewSigner()}, nil
}

// Wrap returns a transport that signs every request and sends it by next. A request
// that can't be signed is not sent.
func (s *Signer) Wrap(next http.RoundTripper) http.RoundTripper { return transport{s, next} }

type transport struct {
	signer *Signer
	next   http.RoundTripper
}

// RoundTrip implements http.RoundTripper.
func (t transport) RoundTrip(r *http.Request) (*http.Response, error) {
	signed, err := t.signer.sign(r)
	if err != nil {
		return nil, fmt.Errorf("can't sign: %w", err)
	}
	return t.next.RoundTrip(signed)
}

// sign returns r with its signature; r itself belongs to the caller, except for its
// body, which is read and closed whatever happens.
func (s *Signer) sign(r *http.Request) (*http.Request, error) {
	signed := r.Clone(r.Context())
	hash := sha256.New()
	if r.Body != nil {
		body, err := io.ReadAll(r.Body)
		if err := errors.Join(err, r.Body.Close()); err != nil {
			return nil, err
		}
		signed.Body, signed.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
		hash.Write(body)
	}
	if err := escapeStrictly(signed.URL); err != nil {
		return nil, err
	}
	credentials, err := s.credentials.Retrieve(r.Context())
	if err != nil {
		return nil, err
	}
	err = s.signer.SignHTTP(r.Context(), credentials, signed, hex.EncodeToString(hash.Sum(nil)), s.service, s.region, time.Now())
	return signed, err
}

// escapeStrictly escapes all of the path but letters, digits and "-._~", each
// segment for itself. Some characters, such as "@" and "+", may go either way in a
// URL, and AWS need not see them as the signer does; escaped there is no question.
func escapeStrictly(u *url.URL) error {
	segments := strings.Split(u.EscapedPath(), "/")
	for i, segment := range segments {
		plain, err := url.PathUnescape(segment)
		if err != nil {
			return err
		}
		segments[i] = httpbinding.EscapePath(plain, true)
	}
	u.RawPath = strings.Join(segments, "/")
	return nil
}
