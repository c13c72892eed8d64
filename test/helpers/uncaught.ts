/** What is thrown with nobody to catch it, until then kept from the test runner. */
export function uncaughtException(): Promise<Error> {
  return new Promise((resolve) => {
    process.setUncaughtExceptionCaptureCallback((error) => {
      process.setUncaughtExceptionCaptureCallback(null)
      resolve(error)
    })
  })
}
