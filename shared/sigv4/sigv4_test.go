package sigv4_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/stretchr/testify/require"

	"lockstep/shared/sigv4"
)

var key = aws.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", SessionToken: "the token"}

// environment is one with a region and a key, and without whatever this machine has.
func environment(t *testing.T) {
	t.Helper()
	for name, value := range map[string]string{
		"AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "", "AWS_PROFILE": "", "AWS_EC2_METADATA_DISABLED": "true",
		"AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
		"AWS_ACCESS_KEY_ID": key.AccessKeyID, "AWS_SECRET_ACCESS_KEY": key.SecretAccessKey, "AWS_SESSION_TOKEN": key.SessionToken,
	} {
		t.Setenv(name, value)
	}
}

// got is a request as a server got it.
type got struct {
	*http.Request
	body []byte
}

// send sends requests through a signer and returns them as they arrived.
func send(t *testing.T, requests ...*http.Request) (arrived []got) {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		arrived = append(arrived, got{r, body})
	}))
	defer s.Close()
	signer, err := sigv4.Load(t.Context(), sigv4.RESTAPI)
	require.NoError(t, err)
	client := &http.Client{Transport: signer.Wrap(s.Client().Transport)}
	for _, r := range requests {
		r.URL.Scheme, r.URL.Host = "http", s.Listener.Addr().String()
		answer, err := client.Do(r)
		require.NoError(t, err)
		_ = answer.Body.Close()
	}
	return arrived
}

func request(t *testing.T, method, path, body string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, "http://x"+path, strings.NewReader(body))
	require.NoError(t, err)
	r.Header.Set("X-Client", "me")
	return r
}

var authorization = regexp.MustCompile(`^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/(\d{8})/eu-west-1/execute-api/aws4_request, SignedHeaders=([a-z0-9;-]+), Signature=[0-9a-f]{64}$`)

// again is the signature that AWS computes of what arrived: over the path as it
// was sent, escaped once more.
func (g got) again(t *testing.T) string {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), g.Method, "http://"+g.Host+g.RequestURI, bytes.NewReader(g.body))
	require.NoError(t, err)
	for _, name := range strings.Split(authorization.FindStringSubmatch(g.Header.Get("Authorization"))[2], ";") {
		if name != "host" && name != "content-length" {
			r.Header.Set(name, g.Header.Get(name))
		}
	}
	at, err := time.Parse("20060102T150405Z", g.Header.Get("X-Amz-Date"))
	require.NoError(t, err)
	hash := sha256.Sum256(g.body)
	require.NoError(t, v4.NewSigner().SignHTTP(t.Context(), key, r, hex.EncodeToString(hash[:]), "execute-api", "eu-west-1", at))
	return r.Header.Get("Authorization")
}

func TestEveryRequestIsSigned(t *testing.T) {
	environment(t)
	for name, c := range map[string]struct{ method, path, body, sent string }{
		"GET without a body":       {"GET", "/v1/registry", "", "/v1/registry"},
		"POST without a body":      {"POST", "/v1/avocet/lock", "", "/v1/avocet/lock"},
		"PUT with a body":          {"PUT", "/v1/avocet", `{"resources": [1]}`, "/v1/avocet"},
		"a query":                  {"GET", "/v1/watch?since=3&for_ms=20", "", "/v1/watch?for_ms=20&since=3"},
		"a space":                  {"POST", "/v1/a%20b/lock", "", "/v1/a%20b/lock"},
		"a slash in a segment":     {"POST", "/v1/a%2Fb/lock", "", "/v1/a%2Fb/lock"},
		"an escape in a segment":   {"POST", "/v1/a%252Fb/lock", "", "/v1/a%252Fb/lock"},
		"letters of other scripts": {"POST", "/v1/%D0%BA/lock", "", "/v1/%D0%BA/lock"},
		"what may go either way":   {"POST", "/v1/a@b+c:d/lock", "", "/v1/a%40b%2Bc%3Ad/lock"},
	} {
		t.Run(name, func(t *testing.T) {
			arrived := send(t, request(t, c.method, c.path, c.body))[0]
			require.Equal(t, c.sent, arrived.RequestURI)
			require.Equal(t, c.body, string(arrived.body))
			require.Equal(t, "the token", arrived.Header.Get("X-Amz-Security-Token"))
			parts := authorization.FindStringSubmatch(arrived.Header.Get("Authorization"))
			require.NotNil(t, parts, arrived.Header.Get("Authorization"))
			require.True(t, strings.HasPrefix(arrived.Header.Get("X-Amz-Date"), parts[1]+"T"))
			signed := strings.Split(parts[2], ";")
			require.Subset(t, signed, []string{"host", "x-amz-date", "x-amz-security-token", "x-client"})
			require.Equal(t, c.body != "", slices.Contains(signed, "content-length"))
			require.Equal(t, arrived.again(t), arrived.Header.Get("Authorization"))
		})
	}
}

func TestRequestsAreSignedEachForItself(t *testing.T) {
	environment(t)
	first, second := request(t, "PUT", "/v1/a", `{"resources": [1]}`), request(t, "PUT", "/v1/a", `{"resources": [2]}`)
	arrived := send(t, first, second)
	require.NotEqual(t, arrived[0].Header.Get("Authorization"), arrived[1].Header.Get("Authorization"))
	require.Empty(t, first.Header.Get("Authorization"), "the caller's request is the caller's")
	for _, a := range arrived {
		require.Equal(t, a.again(t), a.Header.Get("Authorization"))
	}
}

// A REST API that refuses a signature names the path it should have been made of:
// "/path/%25C3%25A4" for a request to "/path/%C3%A4" (seen in
// furaiev/amazon-cognito-identity-dart-2, issue 5).
func TestThePathIsEscapedOnceMore(t *testing.T) {
	environment(t)
	arrived := send(t, request(t, "GET", "/path/%C3%A4", ""))[0]
	r := request(t, "GET", "/path/%C3%A4", "")
	r.Host = arrived.Host
	for _, name := range []string{"X-Amz-Date", "X-Amz-Security-Token"} {
		r.Header.Set(name, arrived.Header.Get(name))
	}
	at, err := time.Parse("20060102T150405Z", arrived.Header.Get("X-Amz-Date"))
	require.NoError(t, err)
	r.URL.Opaque = "//" + arrived.Host + "/path/%25C3%25A4"
	hash := sha256.Sum256(nil)
	require.NoError(t, v4.NewSigner(func(o *v4.SignerOptions) { o.DisableURIPathEscaping = true }).
		SignHTTP(t.Context(), key, r, hex.EncodeToString(hash[:]), "execute-api", "eu-west-1", at))
	require.Equal(t, r.Header.Get("Authorization"), arrived.Header.Get("Authorization"))
}

func TestWithoutRegionOrCredentialsThereIsNoSigner(t *testing.T) {
	for missing, says := range map[string]string{"AWS_REGION": "set AWS_REGION", "AWS_ACCESS_KEY_ID": "without AWS credentials"} {
		t.Run(missing, func(t *testing.T) {
			environment(t)
			t.Setenv(missing, "")
			_, err := sigv4.Load(t.Context(), sigv4.RESTAPI)
			require.ErrorContains(t, err, says)
		})
	}
	t.Run("AWS_DEFAULT_REGION will do", func(t *testing.T) {
		environment(t)
		t.Setenv("AWS_REGION", "")
		t.Setenv("AWS_DEFAULT_REGION", "eu-west-1")
		_, err := sigv4.Load(t.Context(), sigv4.RESTAPI)
		require.NoError(t, err)
	})
}

type broken struct{ io.Reader }

func (broken) Read([]byte) (int, error) { return 0, errors.New("no more") }

func TestABodyThatBreaksOffIsNotSent(t *testing.T) {
	environment(t)
	signer, err := sigv4.Load(t.Context(), sigv4.RESTAPI)
	require.NoError(t, err)
	r := request(t, "PUT", "/v1/a", "")
	r.Body = io.NopCloser(broken{})
	_, err = signer.Wrap(nil).RoundTrip(r)
	require.ErrorContains(t, err, "can't sign: no more")
}
