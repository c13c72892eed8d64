// ServerSide copies inside one cluster from OSD to OSD, as far as that gives the same image. The engine calls
// it on the job's thread.
#ifndef RBDKIT_COPY_SERVER_SIDE_SERVER_SIDE_H_
#define RBDKIT_COPY_SERVER_SIDE_SERVER_SIDE_H_

#include <optional>
#include <string>

#include "copy/destination/image.h"
#include "copy/engine/offload.h"
#include "copy/server_side/object_mover.h"
#include "copy/source/image.h"

namespace rbdkit::copy {

class ServerSide final : public Offload {
 public:
  struct Options {
    bool required = false;  // it is an error when it cannot be done
    bool checksum = true;
    Limits limits;
  };

  // Both outlive this.
  ServerSide(ImageSource& source, ImageDestination& destination, Options options)
      : source_(source), destination_(destination), options_(options) {}

  Error Choose() override;
  bool chosen() const override { return chosen_; }
  Error Move(Verifier* verifier, Meter& meter, const std::atomic<bool>& stop) override;
  void Wake() override;
  const Moved& moved() const override { return mover_->moved(); }
  const MovedTotals& totals() const override { return mover_->totals(); }
  Error Finish(Meter& meter) override;

  // obstacle() says after the copy why nothing is moved; empty: there is no reason not to.
  const std::string& obstacle() const { return obstacle_; }

 private:
  Error Refuse() const;

  ImageSource& source_;
  ImageDestination& destination_;
  const Options options_;
  bool chosen_ = false;
  std::string obstacle_;
  DataObjects from_;
  DataObjects to_;
  std::mutex mutex_;
  std::optional<ObjectMover> mover_;  // made under mutex_, for Wake()
};

}  // namespace rbdkit::copy

#endif  // RBDKIT_COPY_SERVER_SIDE_SERVER_SIDE_H_
